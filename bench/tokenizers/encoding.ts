/** Encoding in turns: one text of about a megabyte and many lines, by encoders that have seen it before and by fresh ones. */
import { type BenchmarkOptions, median, quantile, Skip, table } from '../benchmark.ts'
import type { Contender } from '../training/contender.ts'
import { type Answer, type Kind, ours, peersOf, type Question, type Side } from './sides.ts'
import { writeTokenizer } from './vocabularies.ts'

const fewestRounds = 5
/** The lines that are encoded one by one. */
const lines = 10_000

type Log = (line: string) => void
type Case = { readonly name: string; readonly question: Omit<Question, 'file'> }
const cases: readonly Case[] = [
  { name: 'text, warm', question: {} },
  { name: 'text, cold', question: { fresh: true } },
  { name: 'lines, warm', question: { lines } },
  { name: 'lines, cold', question: { lines, fresh: true } },
]

type Open = { readonly side: Side; readonly contender: Contender }

/** Starts those who are there. Each answers once before it is measured: its first text in a process. */
async function open(kind: Kind, folder: string, options: BenchmarkOptions, log: Log): Promise<Open[]> {
  const sides: Open[] = []
  for (const side of [ours, ...peersOf[kind]])
    try {
      sides.push({ side, contender: await side.start(folder, options) })
    } catch (error) {
      if (!(error instanceof Skip)) throw error
      log(`${side.name} skipped: ${error.message}`)
    }
  return sides
}

/** All sides in turns, each round beginning with another one → seconds of each, one number for each round. */
async function alternate(sides: readonly Open[], question: Question, seconds: number): Promise<number[][]> {
  const taken = sides.map((): number[] => [])
  const end = performance.now() + 1000 * seconds
  // A first round warms up: for warm encoders it fills what they keep.
  for (let round = -1; round < fewestRounds || performance.now() < end; round++)
    for (let turn = 0; turn < sides.length; turn++) {
      const at = (turn + round + 1) % sides.length
      const answer = await sides[at]!.contender.ask<Answer>(question)
      if (round >= 0) taken[at]!.push(answer.failed === undefined ? answer.seconds : Number.NaN)
    }
  return taken
}

const milliseconds = (values: readonly number[]) =>
  `${(1000 * median(values)).toFixed(1)} (${(1000 * quantile(values, 0.25)).toFixed(1)}–${(1000 * quantile(values, 0.75)).toFixed(1)})`
/** Theirs divided by ours, round by round: how often as fast we are. */
const ratio = (ours: readonly number[], theirs: readonly number[]) => median(theirs.map((x, i) => x / ours[i]!))

export async function compareEncoding(
  kind: Kind,
  { file, text, work, options }: { file: string; text: string; work: string; options: BenchmarkOptions },
  log: Log,
) {
  const { folder, size } = await writeTokenizer(kind, text, work)
  const sides = await open(kind, folder, options, log)
  try {
    const first: Answer[] = []
    for (const { contender } of sides) first.push(await contender.ask<Answer>({ file }))
    log(`\n${kind}, ${size} tokens: the text becomes ${first[0]!.tokens}`)
    for (const [i, { side }] of sides.entries())
      if (first[i]!.failed) log(`${side.name} fails on the whole text: ${first[i]!.failed}`)
      else if (first[i]!.hash !== first[0]!.hash) log(`${side.name} gives OTHER ids: ${first[i]!.tokens}`)
    const results: { name: string; seconds: number[][] }[] = []
    for (const { name, question } of cases)
      results.push({ name, seconds: await alternate(sides, { file, ...question }, options.seconds / cases.length) })
    const cell = (seconds: readonly number[][], i: number, aim?: number) =>
      seconds[i]!.some(Number.isNaN)
        ? 'fails'
        : i === 0
          ? milliseconds(seconds[0]!)
          : `${milliseconds(seconds[i]!)} ${ratio(seconds[0]!, seconds[i]!).toFixed(2)}×${aim === undefined ? '' : ` [${aim}]`}`
    log(
      table([
        ['ms, and how often as fast we are [aim]', 'first text of a process', ...cases.map(({ name }) => name)],
        ...sides.map(({ side: { name, aim } }, i) => [
          name,
          (1000 * first[i]!.seconds).toFixed(0),
          // The aims are for a whole text; what a short one costs beside its letters is told without.
          ...results.map(({ seconds }, k) => cell(seconds, i, 'lines' in cases[k]!.question ? undefined : aim)),
        ]),
      ]),
    )
    return { kind, size, first, sides: sides.map(({ side }) => side.name), results }
  } finally {
    for (const { contender } of sides) await contender.close()
  }
}
