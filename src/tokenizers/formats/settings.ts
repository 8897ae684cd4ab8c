/** What lies beside a vocabulary: tokenizer_config.json, the older special_tokens_map.json and added_tokens.json, chat templates. */
import { kindOf, listDirectory, path, readJson, readText } from '../../base/files.ts'
import { tokenRoles } from '../config.ts'
import { Field, type Json } from '../field.ts'

export type Settings = {
  /** tokenizer_config.json and what the files beside it add; undefined where there is none of them. */
  readonly config: Json | undefined
  /** The same, for reading. */
  readonly field: Field
  /** Added tokens with their ids, as tokenizer.json has them; a field each, of the file that they come from. */
  readonly added: readonly Field[]
}

const templates = 'additional_chat_templates'

const templateFiles = new WeakMap<Json, string>()

/** The file or folder that the chat template in these settings was read from, for errors; undefined for settings of no file. */
export const templateFileOf = (config: Json): string | undefined => templateFiles.get(config)

/** Templates that lie in files of their own count before those within tokenizer_config.json; and where they lie. */
async function readTemplates(directory: string): Promise<{ chat: Json; file?: string }> {
  const at = (...names: string[]) => path().join(directory, ...names)
  const own =
    (await kindOf(at('chat_template.jinja'))) === 'file' ? await readText(at('chat_template.jinja')) : undefined
  const names = (await kindOf(at(templates))) === 'directory' ? await listDirectory(at(templates)) : []
  const others = names.filter((name) => name.endsWith('.jinja')).sort()
  const file = at(own === undefined ? templates : 'chat_template.jinja')
  if (others.length === 0) return own === undefined ? { chat: {} } : { chat: { chat_template: own }, file }
  const named = others.map(async (name) => ({
    name: name.slice(0, -'.jinja'.length),
    template: await readText(at(templates, name)),
  }))
  const list = await Promise.all(named)
  return { chat: { chat_template: own === undefined ? list : [{ name: 'default', template: own }, ...list] }, file }
}

/** `added_tokens_decoder`: id → token. */
const readDecoderTokens = (decoder: Field): Field[] =>
  Object.keys(decoder.object()).map((key) => {
    const token = decoder.get(key)
    const id = Number(key)
    if (!/^\d+$/.test(key)) decoder.fail(`ids as its keys, not ${JSON.stringify(key)}`)
    const flags = typeof token.value === 'string' ? { content: token.value, special: true } : token.object()
    return new Field(token.file, { special: false, ...flags, id }, token.path)
  })

/** The settings in a directory. Errors: `TOKENIZER_FIELD`, and those of reading files. */
export async function readSettings(directory: string): Promise<Settings> {
  const at = (name: string) => path().join(directory, name)
  const readObject = async (name: string): Promise<Field | undefined> => {
    if ((await kindOf(at(name))) !== 'file') return undefined
    const field = new Field(at(name), await readJson(at(name)))
    field.object()
    return field
  }
  const config = await readObject('tokenizer_config.json')
  const map = await readObject('special_tokens_map.json')
  const older = await readObject('added_tokens.json')
  const { chat, file: templateFile } = await readTemplates(directory)
  const decoder = config?.get('added_tokens_decoder')
  const listed = decoder && !decoder.missing
  // The list of added tokens is newer than the map: where there is one, the map only fills gaps.
  const object = { ...map?.object(), ...config?.object(), ...(listed ? {} : map?.object()), ...chat }
  templateFiles.set(object, templateFile ?? at('tokenizer_config.json'))
  const field = new Field(config?.file ?? map?.file ?? at('tokenizer_config.json'), object)
  return {
    config: config || map || Object.keys(chat).length > 0 ? object : undefined,
    field,
    added: listed ? readDecoderTokens(decoder) : older ? readOlderTokens(older, field) : [],
  }
}

/** added_tokens.json: token → id. Those with a role are special. */
function readOlderTokens(older: Field, settings: Field): Field[] {
  const special = new Set([
    ...tokenRoles.flatMap((role) => contentOf(settings.get(`${role}_token`)) ?? []),
    ...extraTokens(settings).map((token) => contentOf(token)!),
  ])
  return Object.keys(older.object()).map(
    (content) =>
      new Field(older.file, { content, id: older.get(content).value, special: special.has(content) }, content),
  )
}

/** A token as a text, or as an object with its `content`. */
export function contentOf(token: Field): string | undefined {
  if (token.missing) return undefined
  return typeof token.value === 'string' ? token.value : token.get('content').string()
}

/** Special tokens without a role. The newer name counts. */
export function extraTokens(settings: Field): Field[] {
  for (const name of ['extra_special_tokens', 'additional_special_tokens']) {
    const extra = settings.get(name)
    if (extra.missing) continue
    if (Array.isArray(extra.value)) return extra.list()
    return Object.keys(extra.object()).map((key) => extra.get(key))
  }
  return []
}
