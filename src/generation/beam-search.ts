/**
 * Beam search: the most probable continuations, several followed at once (as transformers does it: Graves 2012, "Sequence transduction
 * with recurrent neural networks", with length normalization); also with drawn in place of the best continuations, and in groups that
 * keep away from each other's choices (Vijayakumar et al. 2018, "Diverse beam search").
 */
import { nonfinite } from '../base/errors.ts'
import { turns } from '../base/event-loop.ts'
import { randomUniform } from '../base/random.ts'
import { type Candidate, type Continuations, drawn, mostProbable } from './candidates.ts'
import type { LogitsProcessor } from './processors/processor.ts'
import type { SearchRows } from './search-rows.ts'

/** When a search ends: once `beams` texts are finished (true), when no better one is to be expected (false), or can come ('never'). */
export type EarlyStopping = boolean | 'never'

export type BeamSettings = {
  readonly beams: number
  /** Among how many groups the beams are divided; they choose one after another. */
  readonly beamGroups: number
  /** What a token costs for each time that an earlier group has chosen it at the same step. */
  readonly diversityPenalty: number
  /** Draw the continuations by their probability, without replacement. */
  readonly beamSampling: boolean
  readonly seed: number
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
/** A text that a row holds all of but its last token: at first the row of its parent, then its own. */
type Child = Hypothesis & { row: number }
/** A text that its row holds all of, and the log-probabilities of the next token. */
type Running = Hypothesis & { readonly row: number; readonly values: Float32Array }

export type BeamTask = {
  readonly rows: SearchRows
  readonly prompt: readonly number[]
  readonly processors: readonly LogitsProcessor[]
  /** How many tokens can end a text. */
  readonly endTokens: number
  /** Whether a text is complete. */
  readonly ends: (ids: readonly number[]) => boolean
}

/** The best finished texts, best first; as many as there are beams, unless the vocabulary is too small. */
export async function beamSearch(task: BeamTask, settings: BeamSettings): Promise<readonly Finished[]> {
  const { rows, prompt } = task
  const first = await rows.readPrompt()
  const start = { ids: prompt, logprobs: [], total: 0, row: 0 }
  const groups = Array.from({ length: settings.beamGroups }, () => new Group(task, settings))
  let running: Running[][] = groups.map(() => [{ ...start, values: first.slice() }])
  for (let length = 1; ; length++) {
    settings.signal?.throwIfAborted()
    const children: Child[][] = []
    const taken: number[] = []
    for (const [i, group] of groups.entries()) children.push(await group.advance(running[i]!, length, taken))
    const all = children.flat()
    if (all.length === 0) break
    place(all, running.flat(), rows)
    const next = await rows.step(new Map(all.map(({ row, ids }) => [row, ids])))
    running = children.map((list) => list.map((child) => ({ ...child, values: next[child.row]! })))
  }
  return groups.flatMap(({ finished }) => finished).sort(byScore)
}

const byScore = (a: Finished, b: Finished) => b.score - a.score

/** The beams that compete with each other. */
class Group {
  finished: Finished[] = []
  readonly #task: BeamTask
  readonly #settings: BeamSettings
  readonly #size: number
  readonly #takeTurns = turns()

  constructor(task: BeamTask, settings: BeamSettings) {
    this.#task = task
    this.#settings = settings
    this.#size = settings.beams / settings.beamGroups
  }

  /** Continues texts by a token, the new ones of that length; `taken` are the tokens that earlier groups have chosen, and then this one. */
  async advance(running: readonly Running[], length: number, taken: number[]): Promise<Child[]> {
    if (running.length === 0) return []
    const { maxNewTokens, beamGroups, beamSampling } = this.#settings
    const candidates = await this.#candidates(running, taken)
    if (candidates.length === 0 && this.finished.length > 0) return []
    const going: Child[] = []
    // Only what is among the first may finish: because the text is complete, or at last because no more tokens may come.
    const ended: Child[] = []
    const cut: Child[] = []
    for (const [rank, { parent, id, score: total }] of candidates.entries()) {
      // Of what was drawn the best go on; what comes in order is not looked at further than needed.
      if (rank >= this.#size && going.length >= this.#size && !beamSampling) break
      const { ids, logprobs, total: before, row } = running[parent]!
      const child = { ids: [...ids, id], logprobs: [...logprobs, total - before], total, row }
      const complete = this.#task.ends(child.ids)
      if (!complete) going.push(child)
      if (rank < this.#size) (complete ? ended : cut).push(child)
    }
    const chosen = going.sort((a, b) => b.total - a.total).slice(0, this.#size)
    taken.push(...chosen.map(({ ids }) => ids.at(-1)!))
    this.#finish(ended, length)
    // Groups look at the best candidate, and take no text for its length once they are over, as transformers did while it had them.
    const grouped = beamGroups > 1
    const over = this.#over(grouped ? candidates[0]!.score : chosen[0]?.total, length)
    if (length < maxNewTokens) return over ? [] : chosen
    if (!(grouped && over)) this.#finish(cut, length)
    return []
  }

  #finish(texts: readonly Child[], length: number): void {
    const scored = texts.map((text) => ({ ...text, score: text.total / length ** this.#settings.lengthPenalty }))
    this.finished = [...this.finished, ...scored].sort(byScore).slice(0, this.#size)
  }

  /** The continuations that come into question, in the order in which they do. */
  async #candidates(running: readonly Running[], taken: readonly number[]): Promise<Candidate[]> {
    const { prompt, processors, endTokens } = this.#task
    const { diversityPenalty, beamSampling, seed } = this.#settings
    const texts: Continuations[] = []
    for (const { values, ids, total } of running) {
      await this.#takeTurns()
      for (const id of taken) values[id]! -= diversityPenalty
      // Processors see log-probabilities, as in transformers.
      for (const process of processors) process(values, { ids, promptLength: prompt.length })
      texts.push({ values, plus: total })
    }
    const count = Math.max(2, 1 + endTokens) * this.#size
    const found = beamSampling
      ? drawn(texts, randomUniform({ seed, purpose: 'sampling', step: running[0]!.ids.length }, count))
      : mostProbable(texts, count)
    if (found.length > 0 || this.finished.length > 0) return found
    throw nonfinite('NONFINITE_LOGITS', 'No token is left to choose from: every one was removed.')
  }

  /** Whether nothing better than what is finished is to be expected of texts of this length, the best of them with this total. */
  #over(best: number | undefined, length: number): boolean {
    if (best === undefined) return true
    if (this.finished.length < this.#size) return false
    const { earlyStopping, lengthPenalty, maxNewTokens } = this.#settings
    const reach = earlyStopping === 'never' && lengthPenalty > 0 ? maxNewTokens : length
    return earlyStopping === true || best / reach ** lengthPenalty <= this.finished.at(-1)!.score
  }
}

/**
 * Gives each child a row of the first ones. One child of each parent stays where it is; the others are copied into rows that are free,
 * of which only what differs has to be written: most texts of a search have most of their tokens in common.
 */
function place(children: readonly Child[], before: readonly Running[], rows: SearchRows): void {
  const held = new Map(before.map(({ row, ids }) => [row, ids]))
  const used = new Set<number>()
  const others: Child[] = []
  for (const child of children) {
    if (child.row >= children.length || used.has(child.row)) others.push(child)
    else used.add(child.row)
  }
  for (let row = 0; others.length > 0; row++) {
    if (used.has(row)) continue
    const child = others.pop()!
    rows.copy(child.row, row, held.get(child.row)!, held.get(row))
    child.row = row
  }
}
