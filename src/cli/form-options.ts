/** Flags that say what form a text must have: a regular expression, a JSON Schema, or a grammar from a file. */
import { PellucidError, usageError } from '../base/errors.ts'
import { readJson, readText } from '../base/files.ts'
import { JsonError, parseJson } from '../base/json.ts'
import { type ConstraintOptions, checkForm } from '../generation/index.ts'
import type { OptionSpec } from './command.ts'
import { filled } from './options.ts'

export const formOptions: readonly OptionSpec[] = [
  {
    flags: '--regex <pattern>',
    description: 'write only what this regular expression matches as a whole',
    parse: filled('--regex', 'a regular expression'),
  },
  {
    flags: '--json-schema <file>',
    description: 'write only JSON that satisfies a schema: a file, or the schema itself: {"type":"object"}',
    parse: filled('--json-schema', 'a file or a schema'),
  },
  {
    flags: '--grammar <file>',
    description: 'write only what a grammar in GBNF allows',
    parse: filled('--grammar', 'a file'),
  },
].map((option) => ({ ...option, group: 'The form of the text:' }))

/** The values of the flags. */
export type FormFlags = { readonly regex?: string; readonly jsonSchema?: string; readonly grammar?: string }

/** A schema on the command line begins like one. */
const isInline = (text: string) => /^\s*\{/.test(text)

function inlineSchema(text: string): object {
  try {
    return parseJson(text) as object
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw usageError('BAD_SCHEMA', `--json-schema, line ${error.line}, column ${error.column}: ${error.message}.`)
  }
}

/** The options of generation that the flags ask for, read and tried. Errors: those of reading files, and of `checkForm` with the flag. */
export async function readForms({ regex, jsonSchema, grammar }: FormFlags): Promise<ConstraintOptions> {
  const forms = {
    regex: [regex, '--regex'],
    jsonSchema: [
      jsonSchema && (isInline(jsonSchema) ? inlineSchema(jsonSchema) : ((await readJson(jsonSchema)) as object)),
      jsonSchema && isInline(jsonSchema) ? '--json-schema' : jsonSchema,
    ],
    grammar: [grammar && (await readText(grammar)), grammar],
  } as const
  for (const [name, [value, place]] of Object.entries(forms))
    try {
      checkForm({ [name]: value })
    } catch (error) {
      if (!(error instanceof PellucidError)) throw error
      throw new PellucidError(place?.startsWith('--') ? 'usage' : 'file', error.code, `${place}: ${error.message}`)
    }
  return { regex: forms.regex[0], jsonSchema: forms.jsonSchema[0] as object | undefined, grammar: forms.grammar[0] }
}
