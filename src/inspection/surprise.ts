/** How surprised a language model is by each token of a text, and what it expects next. */
import { type Candidate, candidates, logSumExp } from './candidates.ts'
import { finite, type Inspectable, idsOf, pieceOf, type Reading } from './reading.ts'

/** What is needed of a model. */
export type Reader = Pick<Inspectable, 'tokenizer'> & {
  run(inputs: { input_ids: number[][] }): Promise<Pick<Awaited<ReturnType<Inspectable['run']>>, 'logits'>>
}

export type TokenSurprise = {
  readonly id: number
  readonly text: string
  /** What the model gave this token after what came before; undefined for the first. */
  readonly probability?: number
  /** −log₂ of the probability. */
  readonly bits?: number
  /** How many tokens were likelier, plus one: 1 is what the model would have written itself. */
  readonly rank?: number
  /** The likeliest tokens in its place, falling; it may be one of them. */
  readonly alternatives?: readonly Candidate[]
}

export type SurpriseReport = {
  readonly tokens: readonly TokenSurprise[]
  /** The likeliest next tokens, falling. */
  readonly next: readonly Candidate[]
  /** 2^(mean bits) over the tokens that have some. */
  readonly perplexity: number
}

/** How many entries are above that of one token, plus one. */
function rankOf(row: Float32Array, id: number): number {
  const own = row[id]!
  let above = 0
  for (const x of row) if (x > own) above++
  return above + 1
}

/**
 * Reads a text once: for each token what the model gave it and the `alternatives` likeliest ones in its place. Throws NO_TOKENIZER,
 * EMPTY_TEXT, NONFINITE_LOGITS, or the tokenizer's errors.
 */
export async function surprises(model: Reader, text: Reading, alternatives = 5): Promise<SurpriseReport> {
  const ids = idsOf(model, text)
  const { logits } = await model.run({ input_ids: [ids] })
  const data = finite(logits, 'logits', 'NONFINITE_LOGITS')
  const width = logits.shape.at(-1)!
  const row = (t: number) => data.subarray(t * width, (t + 1) * width)
  const tokens = ids.map((id, t): TokenSurprise => {
    const piece = { id, text: pieceOf(model, id) }
    if (t === 0) return piece
    const before = row(t - 1)
    const total = logSumExp(before)
    const logProbability = before[id]! - total
    return {
      ...piece,
      probability: Math.exp(logProbability),
      bits: -logProbability / Math.LN2,
      rank: rankOf(before, id),
      alternatives: candidates(model, before, alternatives, total),
    }
  })
  const bits = tokens.flatMap(({ bits: b }) => (b === undefined ? [] : [b]))
  return {
    tokens,
    next: candidates(model, row(ids.length - 1), alternatives),
    perplexity: bits.length ? 2 ** (bits.reduce((a, b) => a + b, 0) / bits.length) : Number.NaN,
  }
}
