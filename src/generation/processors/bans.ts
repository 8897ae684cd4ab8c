/** Processors that remove tokens, or all but some, whatever their probability. */
import { removed } from '../softmax.ts'
import { leadsTo } from './penalties.ts'
import type { LogitsProcessor, SequenceState } from './processor.ts'

/** Removes tokens while `while_` holds (always, unless given). */
export const suppressTokens =
  (ids: readonly number[], while_: (state: SequenceState) => boolean = () => true): LogitsProcessor =>
  (logits, state) => {
    if (while_(state)) for (const id of ids) logits[id] = removed
  }

const written = ({ ids, promptLength }: SequenceState): number => ids.length - promptLength

/** Removes tokens as the new token at one position only, the first unless given. */
export const suppressFirst = (ids: readonly number[], position = 0): LogitsProcessor =>
  suppressTokens(ids, (state) => written(state) === position)

/** Removes the tokens that end a text until prompt and new tokens are this many. */
export const minLength = (length: number, endTokens: readonly number[]): LogitsProcessor =>
  suppressTokens(endTokens, ({ ids }) => ids.length < length)

/** Removes the tokens that end a text until there are this many new tokens. */
export const minNewTokens = (count: number, endTokens: readonly number[]): LogitsProcessor =>
  suppressTokens(endTokens, (state) => written(state) < count)

/** Leaves only some tokens, at one position of the new text, all with logit 0. */
export const forceTokens =
  (ids: readonly number[], position: number): LogitsProcessor =>
  (logits, state) => {
    if (written(state) !== position) return
    logits.fill(removed)
    for (const id of ids) logits[id] = 0
  }

/** Removes tokens that would repeat n tokens of ids [0, end). */
function repeats(logits: Float32Array, ids: readonly number[], end: number, n: number): void {
  for (let last = n - 1; last < end; last++) {
    let same = 1
    while (same < n && ids[last - same] === ids[ids.length - same]) same++
    if (same === n) logits[ids[last]!] = removed
  }
}

/** No n tokens in a row come twice, those of the prompt included (Paulus et al. 2018, "A deep reinforced model for summarization", §2.5). */
export const noRepeatNgram =
  (n: number): LogitsProcessor =>
  (logits, { ids }) =>
    repeats(logits, ids, ids.length, n)

/** No n tokens in a row of the prompt come again. */
export const encoderNoRepeatNgram =
  (n: number): LogitsProcessor =>
  (logits, { ids, promptLength }) =>
    repeats(logits, ids, promptLength, n)

/** Removes tokens that would complete one of some sequences of ids. The same words in other tokens are not found. */
export const badWords =
  (sequences: readonly (readonly number[])[]): LogitsProcessor =>
  (logits, { ids }) => {
    for (const sequence of sequences) if (leadsTo(ids, sequence)) logits[sequence.at(-1)!] = removed
  }
