/**
 * Beam search: the most probable continuations, several followed at once (as transformers does it: Graves 2012, "Sequence transduction
 * with recurrent neural networks", with length normalization).
 */
import { nonfinite } from '../base/errors.ts'
import type { Rows } from './decoder.ts'
import type { LogitsProcessor } from './processors/processor.ts'
import { logSoftmax } from './sampling.ts'
import { kthLargest } from './softmax.ts'
import { turns } from './turns.ts'

/** When a search ends: once `beams` texts are finished (true), when no better one is to be expected (false), or can come ('never'). */
export type EarlyStopping = boolean | 'never'

export type BeamSettings = {
  readonly beams: number
  /** Scores are sums of log-probabilities divided by length^penalty. */
  readonly lengthPenalty: number
  readonly earlyStopping: EarlyStopping
  readonly maxNewTokens: number
  readonly signal: AbortSignal | undefined
}

/** A text and what led to it. */
type Hypothesis = { readonly ids: readonly number[]; readonly logprobs: readonly number[]; readonly total: number }
/** Score: total / length^penalty. */
export type Finished = Hypothesis & { readonly score: number }
/** A text with one more token, and the row that holds all of it but that token. */
type Candidate = Hypothesis & { readonly row: number }

export type BeamTask = {
  readonly rows: Rows
  readonly prompt: readonly number[]
  readonly processors: readonly LogitsProcessor[]
  /** How many tokens can end a text. */
  readonly endTokens: number
  /** Whether a text is complete. */
  readonly ends: (ids: readonly number[]) => boolean
  /** Reads the prompt into row 0; gives its logits. */
  readonly read: () => Promise<Float32Array>
  /** Makes ready a row that holds all of a text but its last token. */
  readonly prepare: (row: number, ids: readonly number[]) => Promise<void>
}

/** The best finished texts, best first; as many as there are beams, unless the vocabulary is too small. */
export async function beamSearch(task: BeamTask, settings: BeamSettings): Promise<readonly Finished[]> {
  const { rows, prompt, ends } = task
  const { beams, lengthPenalty, earlyStopping, maxNewTokens, signal } = settings
  const takeTurns = turns()
  const width = Math.max(2, 1 + task.endTokens) * beams
  let finished: Finished[] = []
  /** The text of each row. */
  let running: Hypothesis[] = [{ ids: prompt, logprobs: [], total: 0 }]
  let logits = [await task.read()]
  for (let length = 1; ; length++) {
    signal?.throwIfAborted()
    const candidates: Candidate[] = []
    for (const [row, hypothesis] of running.entries()) {
      await takeTurns()
      candidates.push(...continuations(logits[row]!, hypothesis, row, width, task))
    }
    if (candidates.length === 0)
      throw nonfinite('NONFINITE_LOGITS', 'No token is left to choose from: every one was removed.')
    const best = candidates.sort((a, b) => b.total - a.total).slice(0, width)
    const ended = best.map(({ ids }) => length === maxNewTokens || ends(ids))
    // Only what is among the best `beams` candidates may finish.
    for (const [rank, { ids, logprobs, total }] of best.slice(0, beams).entries())
      if (ended[rank]) finished.push({ ids, logprobs, total, score: total / length ** lengthPenalty })
    finished = finished.sort((a, b) => b.score - a.score).slice(0, beams)
    const going = best.filter((_, rank) => !ended[rank]).slice(0, beams)
    if (going.length === 0) return finished
    if (finished.length === beams) {
      const reach = earlyStopping === 'never' && lengthPenalty > 0 ? maxNewTokens : length
      if (earlyStopping === true || going[0]!.total / reach ** lengthPenalty <= finished.at(-1)!.score) return finished
    }
    running = place(going, rows)
    for (const [row, { ids }] of running.entries()) await task.prepare(row, ids)
    logits = await rows.step(running.map(({ ids }) => ids.at(-1)!))
  }
}

/** The most probable continuations of one text by a token; processors see log-probabilities, as in transformers. */
function continuations(
  logits: Float32Array,
  { ids, logprobs, total }: Hypothesis,
  row: number,
  count: number,
  { prompt, processors }: BeamTask,
): Candidate[] {
  logSoftmax(logits)
  for (const process of processors) process(logits, { ids, promptLength: prompt.length })
  const least = kthLargest(logits, Math.min(count, logits.length))
  const found: Candidate[] = []
  for (let id = 0; id < logits.length; id++) {
    const logprob = logits[id]!
    if (logprob < least || logprob === Number.NEGATIVE_INFINITY) continue
    found.push({ ids: [...ids, id], logprobs: [...logprobs, logprob], total: total + logprob, row })
  }
  return found
}

/** Gives each text a row. One child of each parent stays where it is; the others are copied into rows that are free. */
function place(children: readonly Candidate[], rows: Rows): Hypothesis[] {
  const placed: (Candidate | undefined)[] = children.map(() => undefined)
  const others: Candidate[] = []
  for (const child of children) {
    if (child.row < placed.length && !placed[child.row]) placed[child.row] = child
    else others.push(child)
  }
  return placed.map((child, row) => {
    if (child) return child
    const other = others.pop()!
    rows.copy(other.row, row)
    return other
  })
}
