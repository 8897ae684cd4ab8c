/** How surprised a language model is by each token of a text, and what it expects next. */
import { nonfinite, usageError } from '../base/errors.ts'
import type { NdArray } from '../tensor/array.ts'
import type { Tokenizer } from '../tokenizers/index.ts'

/** What is needed of a model. */
export type Reader = {
  readonly tokenizer: Tokenizer | undefined
  run(inputs: { input_ids: number[][] }): Promise<{ readonly logits: NdArray }>
}

export type Candidate = { readonly id: number; readonly text: string; readonly probability: number }

export type TokenSurprise = {
  readonly id: number
  readonly text: string
  /** What the model gave this token after what came before; undefined for the first. */
  readonly probability?: number
  /** −log₂ of the probability. */
  readonly bits?: number
}

export type SurpriseReport = {
  readonly tokens: readonly TokenSurprise[]
  /** The likeliest next tokens, falling. */
  readonly next: readonly Candidate[]
  /** 2^(mean bits) over the tokens that have some. */
  readonly perplexity: number
}

/** ln Σ eˣ of a row. */
function logSumExp(row: Float32Array): number {
  let top = Number.NEGATIVE_INFINITY
  for (const x of row) if (x > top) top = x
  let sum = 0
  for (const x of row) sum += Math.exp(x - top)
  return top + Math.log(sum)
}

/** Reads a text once. Throws NO_TOKENIZER, EMPTY_TEXT, NONFINITE_LOGITS, or the tokenizer's errors. */
export async function surprises(model: Reader, text: string, alternatives = 5): Promise<SurpriseReport> {
  const { tokenizer } = model
  if (!tokenizer) throw usageError('NO_TOKENIZER', 'This model has no tokenizer, so it cannot read a text.')
  const { ids } = tokenizer.encode(text, { special: 'parse' })
  if (ids.length === 0) throw usageError('EMPTY_TEXT', 'The text is empty: give at least one character.')
  const { logits } = await model.run({ input_ids: [[...ids]] })
  if (!(logits.data as Float32Array).every(Number.isFinite))
    throw nonfinite(
      'NONFINITE_LOGITS',
      'The model gave logits that are not numbers. Are its weights damaged (NaN or infinity)?',
    )
  const width = logits.shape.at(-1)!
  const row = (t: number) => (logits.data as Float32Array).subarray(t * width, (t + 1) * width)
  const tokens = ids.map((id, t): TokenSurprise => {
    const piece = { id, text: tokenizer.decode([id]) }
    if (t === 0) return piece
    const logProbability = row(t - 1)[id]! - logSumExp(row(t - 1))
    return { ...piece, probability: Math.exp(logProbability), bits: -logProbability / Math.LN2 }
  })
  const last = row(ids.length - 1)
  const total = logSumExp(last)
  const order = Array.from(last.keys()).sort((a, b) => last[b]! - last[a]! || a - b)
  const next = order
    .slice(0, alternatives)
    .map((id) => ({ id, text: tokenizer.decode([id]), probability: Math.exp(last[id]! - total) }))
  const bits = tokens.flatMap(({ bits: b }) => (b === undefined ? [] : [b]))
  return { tokens, next, perplexity: bits.length ? 2 ** (bits.reduce((a, b) => a + b, 0) / bits.length) : Number.NaN }
}
