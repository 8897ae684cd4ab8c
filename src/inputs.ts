/** The arguments of a model's forward pass, checked against what the model says about them. */
import { usageError } from './base/errors.ts'
import { show } from './base/json.ts'
import type { InputSpec } from './models/definition.ts'
import { fromNested, type NdArray, toNumbers } from './tensor/array.ts'
import type { Checkpoint } from './weights/checkpoint.ts'

/** Values of an argument: an array, or nested lists of numbers. */
export type InputValue = NdArray | readonly unknown[]

/**
 * Arrays of what the caller gave, by name. Throws UNKNOWN_INPUT, MISSING_INPUT, INPUT_RANK, BAD_INPUT for what is not a number,
 * INPUT_RANGE for ids and positions outside the model's, TOO_LONG for more tokens than its context.
 */
export function checkInputs(
  inputs: Readonly<Record<string, InputValue | undefined>>,
  checkpoint: Checkpoint,
): Record<string, NdArray> {
  const specs = checkpoint.format.definition.inputs
  const arrays: Record<string, NdArray> = {}
  for (const [name, value] of Object.entries(inputs)) {
    const spec = specs.find((known) => known.name === name)
    if (!spec)
      throw usageError(
        'UNKNOWN_INPUT',
        `There is no argument ${name}; this model takes ${specs.map((known) => known.name).join(', ')}.`,
      )
    if (value !== undefined) arrays[name] = toInput(spec, value, checkpoint)
  }
  const missing = specs.find(({ name, optional }) => !optional && !arrays[name])
  if (missing) throw usageError('MISSING_INPUT', `The argument ${missing.name} is missing.`)
  return arrays
}

/** An int32 or float32 array. */
function toInput(spec: InputSpec, value: InputValue, { format, config }: Checkpoint): NdArray {
  const { name, dtype, axes, below, ignored } = spec
  const given = 'dtype' in value ? value : fromNested(value, 'float64')
  if (given.shape.length !== axes.length)
    throw usageError('INPUT_RANK', `${name} has the shape [${given.shape}], expected [${axes.join(', ')}].`)
  const context = format.definition.context(config)
  const tokens = given.shape[axes.indexOf('tokens')] ?? 0
  if (tokens > context)
    throw usageError('TOO_LONG', `${name} has ${tokens} tokens in a row; this model sees at most ${context}.`)
  const numbers = toNumbers(given)
  if (dtype === 'float32') return { dtype, shape: given.shape, data: Float32Array.from(numbers) }
  const limit = below && format.definition[below](config)
  for (const [i, number] of numbers.entries()) {
    if (number === ignored) continue
    if (!Number.isInteger(number))
      throw usageError('BAD_INPUT', `${name} must be whole numbers, found ${show(number)} at position ${i}.`)
    if (limit !== undefined && !(number >= 0 && number < limit))
      throw usageError(
        'INPUT_RANGE',
        `${name} must be from 0 to ${limit - 1} (the ${below})${ignored === undefined ? '' : ` or ${ignored}`}, found ${number} at position ${i}.`,
      )
  }
  return { dtype, shape: given.shape, data: Int32Array.from(numbers) }
}
