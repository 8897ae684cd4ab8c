/** An encoding under way: which tokens stand where, before any list is written. What post-processors rearrange. */
import type { Stretches } from './lengths.ts'
import type { TokenList } from './token-list.ts'

/** White space goes out of offsets; `first` says that the run began the encoding when that was asked. */
export type Trim = { readonly addPrefixSpace: boolean; readonly first: boolean }

/** The tokens from `from` up to `to` of a text. */
export type TextRun = {
  readonly tokens: TokenList
  readonly from: number
  readonly to: number
  /** Which of the texts: the first or the second of a pair. */
  readonly sequence: 0 | 1
  readonly typeId: number
  readonly trims: readonly Trim[]
}

/** A token that was put in. */
export type SpecialRun = {
  readonly id: number
  readonly token: string
  readonly typeId: number
  /** Whether the mask of special tokens marks it. */
  readonly special: boolean
}

export type Run = TextRun | SpecialRun

/** How many tokens a run has. */
export const lengthOf = (run: Run): number => ('tokens' in run ? run.to - run.from : 1)

export function lengthOfAll(runs: readonly Run[]): number {
  let length = 0
  for (const run of runs) length += lengthOf(run)
  return length
}

/**
 * Runs in order, and the same with what truncation cut off in place of what it kept. Those are made when they are asked for: of
 * two long texts there is one for every combination of their parts.
 */
export type Part = { readonly runs: readonly Run[]; readonly overflowing: () => readonly Part[] }

const nothing: readonly Part[] = []
export const noOverflow = () => nothing
const untrimmed: readonly Trim[] = []

/** A text's tokens: of the stretches it is cut into, if it is, the first is kept and the others overflow. */
export function textPart(tokens: TokenList, stretches: Stretches | undefined, sequence: 0 | 1): Part {
  const part = (from: number, to: number): Part => ({
    runs: [{ tokens, from, to, sequence, typeId: sequence, trims: untrimmed }],
    overflowing: noOverflow,
  })
  if (!stretches) return part(0, tokens.length)
  const [kept, ...others] = stretches
  return { ...part(...kept!), overflowing: () => others.map((stretch) => part(...stretch)) }
}

/** A part with other runs, made of its own; `main` is false for what overflows. */
export const mapRuns = (part: Part, change: (runs: readonly Run[], main: boolean) => readonly Run[]): Part => ({
  runs: change(part.runs, true),
  overflowing:
    part.overflowing === noOverflow
      ? noOverflow
      : () => part.overflowing().map(({ runs }) => ({ runs: change(runs, false), overflowing: noOverflow })),
})

/** One part after another. The order of the combinations is Hugging Face's, as is that each carries combinations of its own. */
const join = (a: Part, b: Part): Part => ({
  runs: [...a.runs, ...b.runs],
  overflowing: () => [
    ...a.overflowing().flatMap((other) => [join(other, b), ...b.overflowing().map((part) => join(other, part))]),
    ...b.overflowing().map((part) => join(a, part)),
  ],
})

export function joinAll(parts: readonly Part[]): Part {
  if (parts.length === 1) return parts[0]!
  if (!parts.every(({ overflowing }) => overflowing === noOverflow)) return parts.reduce(join)
  const runs: Run[] = []
  for (const part of parts) for (const run of part.runs) runs.push(run)
  return { runs, overflowing: noOverflow }
}
