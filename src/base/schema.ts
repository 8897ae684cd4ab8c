/** What a schema found wrong, in words a user can act on. */
import type { z } from 'zod'
import { show } from './json.ts'

/** The value at a path of an object, as short text. */
function found(data: unknown, path: readonly PropertyKey[]): string {
  let value = data
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key]
  if (value === undefined) return 'missing'
  return typeof value === 'number' ? String(value) : show(value)
}

/** The first problem of a failed parse: `n_head is "2", expected a positive whole number`. */
export function describeProblem(error: z.ZodError, data: unknown): string {
  const issue = error.issues[0]!
  const path = issue.path.map(String).join('.') || 'the root'
  const text = issue.message.replace(/^Invalid (input|option): /, '').replace(/^Too (small|big): /, '')
  if (issue.code === 'unrecognized_keys')
    return `${issue.keys.map((key) => `'${key}'`).join(', ')} in ${path} is not a known field`
  return `${path} is ${found(data, issue.path)}, ${text.startsWith('expected') ? text : `expected ${text}`}`
}
