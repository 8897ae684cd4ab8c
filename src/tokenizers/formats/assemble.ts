/** Vocabulary, stages and settings → the contents of a tokenizer.json, as transformers puts a tokenizer together from such files. */
import { type NamedTokens, tokenRoles } from '../config.ts'
import { Field, type Json } from '../field.ts'
import { type IdOf, type Place, template } from '../stage-json.ts'
import { contentOf, extraTokens, type Settings } from './settings.ts'

/** What the stages may depend on. */
export type Options = {
  readonly settings: Field
  readonly named: NamedTokens
  /** Ids of the vocabulary and of added tokens. */
  readonly idOf: IdOf
  /** A boolean of the settings. */
  flag(name: string, fallback: boolean): boolean
}

/** The stages of tokenizer.json but for the model. Without a post-processor, special tokens are put where the settings ask for them. */
export type StageJson = {
  readonly normalizer?: Json | null
  readonly pre_tokenizer?: Json | null
  readonly post_processor?: Json | null
  readonly decoder?: Json | null
}

export type Parts = {
  readonly settings: Settings
  /** Roles unless the settings name other tokens. */
  readonly named: NamedTokens
  /** Fields of the model but for its vocabulary. */
  readonly model: Json
  /** `idOf` of the vocabulary, and one more than its largest id. */
  readonly idOf: IdOf
  readonly size: number
  /** The mask stands for a word and the space before it. */
  readonly maskTakesSpace?: boolean | undefined
  /** Shorter texts of a batch are padded at their beginning. */
  readonly padsLeft?: boolean | undefined
  /** Added tokens that the vocabulary's own file declares. */
  readonly added?: readonly Json[] | undefined
  readonly stages: (options: Options) => StageJson
}

export type Assembled = { readonly json: Json; readonly config: Json | undefined }

/** The text of a token that a role's setting names, or no role where it says null. */
export function roles(settings: Field, fallback: NamedTokens): NamedTokens {
  const own = settings.object()
  const entries = tokenRoles.flatMap((role): [string, string][] => {
    const given = Object.hasOwn(own, `${role}_token`)
    const content = given ? contentOf(settings.get(`${role}_token`)) : fallback[role]
    return content === undefined ? [] : [[role, content]]
  })
  return Object.fromEntries(entries)
}

/** Settings such as `image_token`, which name special tokens too. */
const otherTokens = (settings: Field): Field[] =>
  Object.keys(settings.object())
    .filter((key) => key.endsWith('_token') && !tokenRoles.some((role) => key === `${role}_token`))
    .map((key) => settings.get(key))
    .filter((field) => typeof field.value === 'string')

/** A special token as tokenizer.json has it, without its id. */
const special = (token: Field): Json => ({
  ...(typeof token.value === 'string' ? { content: token.value } : token.object()),
  special: true,
})

/**
 * Added tokens with ids: those that bring theirs, those of the vocabulary's file, tokens with a role, further special ones. The first
 * mention of a token counts; tokens that the vocabulary lacks get ids after it.
 */
function addTokens(parts: Parts, named: NamedTokens): { list: (Json | Field)[]; idOf: IdOf } {
  const { field } = parts.settings
  const list: (Json | Field)[] = []
  const ids = new Map<string, number>()
  let next = parts.size
  const add = (content: string, token: Json | Field, declared?: number) => {
    if (ids.has(content)) return
    const id = declared ?? parts.idOf(content) ?? next
    next = Math.max(next, id + 1)
    ids.set(content, id)
    list.push(token instanceof Field ? token : { ...token, id })
  }
  for (const token of parts.settings.added) add(contentOf(token)!, token, token.get('id').value as number)
  for (const token of parts.added ?? []) add(token.content as string, token, token.id as number | undefined)
  for (const role of tokenRoles) {
    const content = named[role]
    if (content === undefined) continue
    const given = field.get(`${role}_token`)
    const plain = { content, special: true, lstrip: role === 'mask' && parts.maskTakesSpace === true }
    add(content, typeof given.value === 'object' && !given.missing ? special(given) : plain)
  }
  for (const token of [...otherTokens(field), ...extraTokens(field)]) add(contentOf(token)!, special(token))
  return { list, idOf: (content) => ids.get(content) ?? parts.idOf(content) }
}

/** `add_bos_token` and `add_eos_token`: nothing stands around the text unless they, or the class, ask for it. */
export function endsTemplate({ named, flag, idOf }: Options, byDefault: { bos?: boolean } = {}): Json | null {
  const bos = flag('add_bos_token', byDefault.bos ?? false) ? named.bos : undefined
  const eos = flag('add_eos_token', false) ? named.eos : undefined
  if (bos === undefined && eos === undefined) return null
  const around = (text: '$A' | '$B', segment: number): Place[] => [
    ...(bos === undefined ? [] : [[bos, segment] as const]),
    [text, segment],
    ...(eos === undefined ? [] : [[eos, segment] as const]),
  ]
  return template(around('$A', 0), [...around('$A', 0), ...around('$B', 1)], idOf)
}

export function assemble(parts: Parts): Assembled {
  const { field, config } = parts.settings
  const named = roles(field, parts.named)
  const { list, idOf } = addTokens(parts, named)
  const options: Options = {
    settings: field,
    named,
    idOf,
    flag: (name, fallback) => field.get(name).boolean(fallback),
  }
  const stages = parts.stages(options)
  return {
    json: {
      version: '1.0',
      added_tokens: list,
      normalizer: stages.normalizer ?? null,
      pre_tokenizer: stages.pre_tokenizer ?? null,
      post_processor: stages.post_processor === undefined ? endsTemplate(options) : stages.post_processor,
      decoder: stages.decoder ?? null,
      model: parts.model,
    },
    config: {
      ...(parts.padsLeft && { padding_side: 'left' }),
      ...config,
      ...Object.fromEntries(Object.entries(named).map(([role, token]) => [`${role}_token`, token])),
    },
  }
}
