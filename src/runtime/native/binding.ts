/** A session's inputs and outputs tied to arrays once, then run many times at little cost. */
import { failure } from '../../base/errors.ts'
import { type NdArray, sizeOf } from '../../tensor/array.ts'
import type { TypedArray } from '../../tensor/dtype.ts'
import { check, settling } from './api.ts'
import { environment } from './environment.ts'
import type { Runs } from './runs.ts'
import { addressOf, tensorOf } from './values.ts'

/** An array by the name of an input or output. */
export type NamedArray = { readonly name: string; readonly array: NdArray }

/** What a binding needs of its session: names → addresses of their text in C. */
export type SessionCore = {
  readonly inputNames: ReadonlyMap<string, bigint>
  readonly outputNames: ReadonlyMap<string, bigint>
  readonly runs: Runs
  /** What the library points to while the session lives: the names' texts, the initializers' arrays. */
  readonly held: readonly unknown[]
  /** The session's handle; throws CLOSED once it was disposed. */
  open(): bigint
}

/** Names and tensors of one side, as the C function takes them: addresses of two arrays of pointers, which `held` keeps. */
type Side = {
  readonly names: bigint
  readonly values: bigint
  readonly count: number
  readonly held: readonly BigUint64Array[]
}

function sideOf(known: ReadonlyMap<string, bigint>, kind: string, arrays: readonly NamedArray[]): Side {
  const names = new BigUint64Array(arrays.length)
  const values = new BigUint64Array(arrays.length)
  for (const [i, { name, array }] of arrays.entries()) {
    const text = known.get(name)
    if (text === undefined)
      throw failure('UNKNOWN_NAME', `The program has no ${kind} '${name}'; it has: ${[...known.keys()].join(', ')}`)
    names[i] = text
    values[i] = tensorOf(array)
  }
  return { names: addressOf(names), values: addressOf(values), count: arrays.length, held: [names, values] }
}

/**
 * Inputs and outputs that are read and written where they lie. The same array as input and output is updated in place, by ops
 * that can. Made by `session.bind`.
 */
export class NativeBinding {
  readonly #session: SessionCore
  readonly #inputs: Side
  readonly #outputs: Side
  /** Held so that no array is collected while ONNX Runtime points to it. */
  readonly #arrays: readonly TypedArray[]
  readonly #lengths: readonly number[]
  #options: bigint | undefined

  constructor(session: SessionCore, inputs: readonly NamedArray[], outputs: readonly NamedArray[]) {
    this.#session = session
    this.#inputs = sideOf(session.inputNames, 'input', inputs)
    this.#outputs = sideOf(session.outputNames, 'output', outputs)
    const arrays = [...inputs, ...outputs].map(({ array }) => array)
    this.#arrays = arrays.map(({ data }) => data)
    this.#lengths = arrays.map(({ shape }) => sizeOf(shape))
  }

  /**
   * Runs on a worker thread; the event loop stays free. The arrays must be left alone until the promise settles.
   * Rejects with NATIVE_NODE_FAILED (with the node's name), NATIVE_FAILED or NATIVE_CANCELLED.
   */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      const handle = this.#ready()
      const { runs } = this.#session
      const input = this.#inputs
      const output = this.#outputs
      const options = runs.begin()
      this.#options = options
      const settle = settling(resolve, reject)
      const done = (error: Error | null, status: bigint | null) => {
        this.#options = undefined
        runs.end(options)
        settle(error, status)
      }
      const { Run } = environment().api
      Run.async(
        handle,
        options,
        input.names,
        input.values,
        input.count,
        output.names,
        output.count,
        output.values,
        done,
      )
    })
  }

  /** Runs on this thread: the least overhead, for tiny programs. Throws what `run` rejects with. */
  runSync(): void {
    const handle = this.#ready()
    const input = this.#inputs
    const output = this.#outputs
    const { Run } = environment().api
    check(Run(handle, null, input.names, input.values, input.count, output.names, output.count, output.values))
  }

  /** Ends the run in flight before its next node; its promise rejects with NATIVE_CANCELLED. */
  cancel(): void {
    if (this.#options !== undefined) this.#session.runs.cancel(this.#options)
  }

  /** The session's handle, if the arrays are free and where they were. Throws BUSY, DETACHED or CLOSED. */
  #ready(): bigint {
    if (this.#options !== undefined)
      throw failure('BUSY', 'These arrays are still in use by a run; wait for it, or bind others.')
    const arrays = this.#arrays
    for (let i = 0; i < arrays.length; i++)
      if (arrays[i]!.length !== this.#lengths[i])
        throw failure(
          'DETACHED',
          'An array was transferred away or resized (a WebAssembly memory that grew?): bind again.',
        )
    return this.#session.open()
  }
}
