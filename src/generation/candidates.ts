/** The texts that a search may go on with: of all continuations of several texts by a token, the best, or some drawn by their probability. */
import { mass, maximum, removed } from './softmax.ts'

/** The continuations of one text: that by token `id` scores `plus + values[id]`. */
export type Continuations = { readonly values: Float32Array; readonly plus: number }

/** A continuation: of which text, by which token, and what it scores. */
export type Candidate = { readonly parent: number; readonly id: number; readonly score: number }

/** The best `count` of all, best first; fewer where fewer are left. Of equals, those of the earlier text, then of the lower id come first. */
export function mostProbable(texts: readonly Continuations[], count: number): Candidate[] {
  const best: Candidate[] = []
  let least = removed
  const cut = () => {
    best.sort((a, b) => b.score - a.score).splice(count)
    if (best.length === count) least = best.at(-1)!.score
  }
  for (const [parent, { values, plus }] of texts.entries()) {
    let bar = least - plus
    for (let id = 0; id < values.length; id++) {
      if (!(values[id]! > bar)) continue
      best.push({ parent, id, score: plus + values[id]! })
      if (best.length < 4 * count) continue
      cut()
      bar = least - plus
    }
  }
  cut()
  return best
}

/** Weights are summed in blocks of this many tokens, so that a draw goes through one block only. */
const blockLength = 1024
/** A sum of weights below this is made up of ones that are not exact any more. */
const tiny = 1e-200

/**
 * As many of all as there are `draws`, drawn one after another with probabilities proportional to e^score, each at most once; fewer
 * where fewer are left. `draws` are numbers uniform in [0, 1). The values of what is drawn become −∞.
 */
export function drawn(texts: readonly Continuations[], draws: Float64Array): Candidate[] {
  const blocks = texts.flatMap(({ values }, parent) =>
    Array.from({ length: Math.ceil(values.length / blockLength) }, (_, i) => {
      return { parent, start: i * blockLength, end: Math.min(values.length, (i + 1) * blockLength), weight: 0 }
    }),
  )
  let largest = removed
  const weightOf = (parent: number, start: number, end: number) =>
    mass(texts[parent]!.values, largest - texts[parent]!.plus, start, end)
  const weigh = () => {
    largest = texts.reduce((most, { values, plus }) => Math.max(most, maximum(values) + plus), removed)
    if (largest > removed) for (const block of blocks) block.weight = weightOf(block.parent, block.start, block.end)
  }
  const found: Candidate[] = []
  for (const draw of draws) {
    let total = sum(blocks)
    // What is left may be so much less probable than what was drawn that its weights are nothing beside it.
    if (total < tiny) {
      weigh()
      total = sum(blocks)
    }
    if (!(total > 0)) break
    let left = draw * total
    // Should rounding leave a rest, the last block with any weight is taken, and in it the last token.
    let block = blocks.findLast(({ weight }) => weight > 0)!
    for (const one of blocks) {
      if (left < one.weight) {
        block = one
        break
      }
      left -= one.weight
    }
    const { parent, start, end } = block
    const { values, plus } = texts[parent]!
    let id = -1
    for (let i = start; i < end; i++) {
      const weight = weightOf(parent, i, i + 1)
      if (weight === 0) continue
      id = i
      left -= weight
      if (left < 0) break
    }
    found.push({ parent, id, score: plus + values[id]! })
    values[id] = removed
    block.weight = weightOf(parent, start, end)
  }
  return found
}

const sum = (blocks: readonly { readonly weight: number }[]): number =>
  blocks.reduce((total, { weight }) => total + weight, 0)
