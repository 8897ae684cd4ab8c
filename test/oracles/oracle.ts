/** Recorded cases: inputs, what PyTorch and transformers compute from them, and how close is close enough. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { RunResult } from '../../src/model.ts'
import { type NdArray, toNumbers } from '../../src/tensor/array.ts'
import { parseSafetensors } from '../../src/weights/safetensors.ts'

export type Arrays = ReadonlyMap<string, NdArray>

/** One case of test/oracles/data. `Expected` describes its expected.json. */
export type Oracle<Expected> = {
  /** Its model directory. */
  readonly model: string
  readonly expected: Expected
  /** Its tensors whose names start with a prefix (`input.`, `output.`, `grad.`, …), by the rest of their names. Throws if there are none. */
  under(prefix: string): Arrays
}

/** A decoding run of `expected.json`: sequences begin with the prompt; filler after the first end token is removed. */
export type Decoded = {
  readonly sequences: number[][]
  readonly scores: number[]
  readonly token_logprobs?: number[][]
}
type Modes = { readonly greedy: Decoded; readonly beam: Decoded; readonly beam_early_stopping: Decoded }

/** The expected.json of a model that generates: each prompt on its own, and all as one padded batch. */
export type Generations = {
  readonly generation: {
    readonly max_new_tokens: number
    readonly eos_token_id: number
    readonly pad_token_id: number
    readonly single: readonly ({ readonly input_ids: number[] } & Modes)[]
    readonly batch: { readonly input_ids: number[][]; readonly attention_mask: number[][] } & Modes
  }
}

export function openOracle<Expected = unknown>(name: string): Oracle<Expected> {
  const folder = fileURLToPath(new URL(`./data/${name}/`, import.meta.url))
  const tensors = parseSafetensors(readFileSync(`${folder}expected.safetensors`), `${name}/expected.safetensors`)
  return {
    model: `${folder}model`,
    expected: JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as Expected,
    under: (prefix) => {
      const names = [...tensors.entries.keys()].filter((key) => key.startsWith(prefix))
      if (names.length === 0) throw new Error(`${name} records nothing under '${prefix}'`)
      return new Map(names.map((key) => [key.slice(prefix.length), tensors.get(key)]))
    },
  }
}

const largest = (values: Float64Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0)

/**
 * How far float32 results may be from the recorded ones, absolutely, given the recorded values of the tensor. Gradients that are zero in
 * exact arithmetic (biases of keys) hold only noise: hence the constant part.
 */
export const tolerance = {
  output: (expected: Float64Array) => 2e-5 * largest(expected) + 1e-6,
  gradient: (expected: Float64Array) => 1e-4 * largest(expected) + 1e-6,
  trained: (expected: Float64Array) => 1e-4 * largest(expected) + 1e-5,
  /** Losses, scores and log-probabilities. */
  score: () => 1e-4,
} satisfies Record<string, (expected: Float64Array) => number>

/** One line for each recorded tensor that is missing, has another shape, or is further off than allowed; none if all is well. */
export function differences(got: Arrays, expected: Arrays, allowed: (expected: Float64Array) => number): string[] {
  return [...expected].flatMap(([name, array]) => {
    const found = got.get(name)
    if (!found) return [`${name} is missing`]
    if (String(found.shape) !== String(array.shape)) return [`${name} is [${found.shape}], expected [${array.shape}]`]
    const [values, wanted] = [toNumbers(found), toNumbers(array)]
    const error = largest(values.map((x, i) => x - wanted[i]!))
    const most = allowed(wanted)
    return error <= most ? [] : [`${name} is off by ${error}, allowed ${most}`]
  })
}

/** The outputs of a run by the names that the recorded ones have: `logits`, `hidden_states.0`, `attentions.1`, … */
export function outputsOf({ gradients, captured, ...outputs }: RunResult): Arrays {
  const named = Object.entries(outputs).flatMap(([name, value]): [string, NdArray][] =>
    Array.isArray(value) ? value.map((array: NdArray, i) => [`${name}.${i}`, array]) : [[name, value as NdArray]],
  )
  return new Map(named)
}

/** The gradients of a run by parameter. */
export const gradientsOf = ({ gradients = {} }: RunResult): Arrays => new Map(Object.entries(gradients))
