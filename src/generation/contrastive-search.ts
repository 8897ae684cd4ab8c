/**
 * Contrastive search (Su et al. 2022, "A contrastive framework for neural text generation", §4): of the k most probable tokens the one
 * that is probable but whose state is unlike those of the text so far: max (1 − α)·p(v) − α·max cos(h_v, h_j).
 */

import { turns } from '../base/event-loop.ts'
import type { LogitsProcessor } from './processors/processor.ts'
import { logSumExp } from './sampling.ts'
import type { Piece, Sequence } from './sequence.ts'
import { largestIds } from './softmax.ts'
import type { StateDecoder } from './state-decoder.ts'
import { slotsFor, windowStart } from './window.ts'

export type ContrastiveTask = {
  readonly decoder: StateDecoder
  readonly sequence: Sequence
  readonly processors: readonly LogitsProcessor[]
  /** How many tokens are compared. */
  readonly k: number
  /** α. */
  readonly penalty: number
  readonly maxNewTokens: number
  /** Most tokens that the model sees at once. */
  readonly context: number
  readonly signal: AbortSignal | undefined
}

/** Writes a sequence to its end. A text that outgrows the context is compared with its window only. */
export async function* contrastiveSearch(task: ContrastiveTask): AsyncGenerator<Piece> {
  const { decoder, sequence, processors, k, penalty, maxNewTokens, context, signal } = task
  const takeTurns = turns()
  // Every token is read, the last one too: its state decides whether it is taken.
  const rows = decoder.open(k, slotsFor([sequence], maxNewTokens + 1, context))
  const seen = new Directions(decoder.width, context)
  let start = windowStart(sequence.ids.length, context)
  const prompt = await rows.read(sequence.ids.slice(start))
  seen.replace(prompt.states)
  let logits = prompt.logits[0]!
  while (!sequence.finish) {
    signal?.throwIfAborted()
    await takeTurns()
    for (const process of processors) process(logits, sequence)
    const shift = logSumExp(logits)
    const ids = largestIds(logits, k)
    const logprobs = ids.map((id) => logits[id]! - shift)
    const next = windowStart(sequence.ids.length + 1, context)
    if (next !== start) seen.replace((await rows.read(sequence.ids.slice(next))).states)
    start = next
    const found = await rows.step(ids)
    const directions = directionsOf(found.states, decoder.width)
    const similarities = await decoder.similarities(directions, seen.all())
    const scores = ids.map((_, i) => (1 - penalty) * Math.exp(logprobs[i]!) - penalty * similarities[i]!)
    const best = scores.indexOf(Math.max(...scores))
    yield sequence.accept({ id: ids[best]!, logprob: logprobs[best]! })
    rows.keep(best)
    seen.add(directions.subarray(best * decoder.width, (best + 1) * decoder.width))
    logits = found.logits[best]!
  }
}

/** States [n, width] divided by their lengths. */
function directionsOf(states: Float32Array, width: number): Float32Array {
  const directions = new Float32Array(states.length)
  for (let at = 0; at < states.length; at += width) {
    let squares = 0
    for (let i = at; i < at + width; i++) squares += states[i]! ** 2
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0
    for (let i = at; i < at + width; i++) directions[i] = states[i]! * scale
  }
  return directions
}

/** The directions of the states of a window, in one buffer that grows by doubling. */
class Directions {
  readonly #width: number
  readonly #most: number
  #data = new Float32Array(0)
  #length = 0

  constructor(width: number, context: number) {
    this.#width = width
    this.#most = context * width
  }

  replace(states: Float32Array): void {
    this.#length = 0
    this.add(directionsOf(states, this.#width))
  }

  add(directions: Float32Array): void {
    const length = this.#length + directions.length
    if (length > this.#data.length) {
      const larger = new Float32Array(Math.min(this.#most, 2 * length))
      larger.set(this.all())
      this.#data = larger
    }
    this.#data.set(directions, this.#length)
    this.#length = length
  }

  all(): Float32Array {
    return this.#data.subarray(0, this.#length)
  }
}
