/** How a text becomes tokens, stage by stage, as plain records: for people who want to see what a tokenizer does. */
import type { SpecialHandling } from './added-tokens.ts'
import type { Encoding } from './encoding.ts'
import { type MergeRound, mergeRounds } from './merge-rounds.ts'
import type { Model } from './models/index.ts'
import type { ModelSteps } from './models/steps.ts'
import { originalEnd, originalStart } from './text/aligned.ts'
import { wellFormed } from './text/unicode.ts'
import type { TextPiece } from './text-pieces.ts'
import type { Tokenizer } from './tokenizer.ts'

/** A token and the units [start, end) of the original text that it stands for. */
export type ExplainedToken = { token: string; id: number; start: number; end: number }

/** What the model sees at a time. */
export type ExplainedPiece = {
  /** As it stands in the text that was normalized and cut. */
  text: string
  /** The units [start, end) of the original text that it stands for. */
  start: number
  end: number
  /** As the model reads it: in characters for bytes, for instance. */
  spelled: string
  /** How the model came to its tokens; units count in `spelled`. Undefined where it cannot tell. */
  steps: ModelSteps | undefined
  /** Of byte pair encoding: the merges of equal rank together, with the symbols after them. Left out for very long pieces. */
  rounds?: readonly MergeRound[]
  tokens: readonly ExplainedToken[]
}

/** A stretch of text: an added token that was found in it, or what lies between those. */
export type ExplainedStretch =
  | ({ kind: 'added token'; text: string; special: boolean } & ExplainedToken)
  | { kind: 'text'; text: string; start: number; end: number; normalized: string; pieces: readonly ExplainedPiece[] }

export type Explanation = {
  text: string
  stretches: readonly ExplainedStretch[]
  /** All together, with the special tokens that the last stage put around them. */
  encoding: ReturnType<Encoding['toJSON']>
}

export type ExplainOptions = {
  /** As of `encode`. */
  special?: SpecialHandling
  addSpecialTokens?: boolean
}

/** The symbols after each merge of longer pieces would fill the memory, and nobody could read them. */
const longestRounds = 400

/** Shows each stage of encoding a text. Errors: those of `encode`. */
export function explainEncoding(tokenizer: Tokenizer, text: string, options: ExplainOptions = {}): Explanation {
  const { special = 'error', addSpecialTokens = true } = options
  const encoding = tokenizer.encode(text, { special, addSpecialTokens, truncation: false, padding: false })
  const clean = wellFormed(text)
  const { model, stretches: found } = tokenizer.pieces(clean, { special })
  const stretches = found.map((stretch): ExplainedStretch => {
    const start = originalStart(stretch.text, 0)
    const end = originalEnd(stretch.text, stretch.text.text.length)
    const original = clean.slice(start, end)
    if (!('token' in stretch)) {
      const pieces = explainPieces(tokenizer, model, stretch.pieces)
      return { kind: 'text', text: original, start, end, normalized: stretch.text.text, pieces }
    }
    const { content, id, special } = stretch.token
    return { kind: 'added token', text: original, token: content, id, special, start, end }
  })
  return { text, stretches, encoding: encoding.toJSON() }
}

function explainPieces(tokenizer: Tokenizer, model: Model, pieces: readonly TextPiece[]): ExplainedPiece[] {
  /** What was told of a piece is told again of its repetitions. */
  const told = new Map<string, Pick<ExplainedPiece, 'steps' | 'rounds'>>()
  return pieces.map((piece) => {
    const { text, spelled } = piece
    let how = told.get(spelled)
    if (!how) {
      const steps = model.explain?.(spelled)
      how =
        steps?.model === 'BPE' && steps.symbols.length <= longestRounds
          ? { steps, rounds: mergeRounds(steps) }
          : { steps }
      told.set(spelled, how)
    }
    const [start, end] = piece.place()
    const tokens: ExplainedToken[] = []
    piece.tokens(model.tokenize(spelled), model, (id, start, end, label) => {
      tokens.push({ token: label ?? tokenizer.tokenOf(id) ?? '', id, start, end })
    })
    return { text, start, end, spelled, ...how, tokens }
  })
}
