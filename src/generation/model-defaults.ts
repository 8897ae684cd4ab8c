/** How a model's own generation_config.json says that its texts are to be drawn. */
import { fileError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { expectedOf } from './option-checks.ts'
import type { GenerateOptions } from './options.ts'

/** Fields of the file, the options that they are, and values that mean nothing. */
const fields = [
  ['temperature', 'temperature', 1],
  ['top_k', 'topK', 0],
  ['top_p', 'topP', 1],
  ['min_p', 'minP', 0],
  ['typical_p', 'typicalP', 1],
  ['epsilon_cutoff', 'epsilonCutoff', 0],
  ['eta_cutoff', 'etaCutoff', 0],
  ['repetition_penalty', 'repetitionPenalty', 1],
] as const

/**
 * Options with what the file of a model asks for, where it says `do_sample: true` and the caller neither searches nor takes the most
 * probable token. What the caller gives counts more; what the file leaves out has our defaults. Throws BAD_CONFIG.
 */
export function withModelDefaults(
  options: GenerateOptions,
  generation: Readonly<Record<string, unknown>> | undefined,
): GenerateOptions {
  const { temperature, beams = 1, contrastivePenalty = 0 } = options
  if (generation?.do_sample !== true || temperature === 0 || beams > 1 || contrastivePenalty > 0) return options
  const asked: Record<string, unknown> = {}
  for (const [field, name, nothing] of fields) {
    const value = generation[field] ?? nothing
    if (value === nothing || options[name] !== undefined) continue
    const expected = expectedOf(name, value)
    if (expected !== undefined)
      throw fileError('BAD_CONFIG', `generation_config.json: ${field} is ${show(value)}, expected ${expected}.`)
    asked[name] = value
  }
  return { ...options, ...asked }
}
