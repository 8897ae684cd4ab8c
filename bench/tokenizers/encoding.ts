/**
 * Encoding in turns: one text of about a megabyte and many lines, by encoders that have seen it before, by fresh ones, and in new
 * processes.
 */
import { type BenchmarkOptions, median, quantile, Skip, table } from '../benchmark.ts'
import type { Contender } from '../training/contender.ts'
import { type Answer, type Command, type Kind, once, ours, peersOf, type Question, type Side, start } from './sides.ts'
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

type Open = { readonly side: Side; readonly command: Command; readonly contender: Contender }

/** Starts those who are there. */
async function open(kind: Kind, folder: string, options: BenchmarkOptions, log: Log): Promise<Open[]> {
  const sides: Open[] = []
  for (const side of [ours, ...peersOf[kind]])
    try {
      const command = await side.command(folder, options)
      sides.push({ side, command, contender: await start(command) })
    } catch (error) {
      if (!(error instanceof Skip)) throw error
      log(`${side.name} skipped: ${error.message}`)
    }
  return sides
}

/** All sides in turns, each round beginning with another one → seconds of each, one number for each round. */
async function alternate(sides: readonly Open[], ask: (side: Open) => Promise<Answer>, seconds: number) {
  const taken = sides.map((): number[] => [])
  const end = performance.now() + 1000 * seconds
  // A first round warms up: for warm encoders it fills what they keep.
  for (let round = -1; round < fewestRounds || performance.now() < end; round++)
    for (let turn = 0; turn < sides.length; turn++) {
      const at = (turn + round + 1) % sides.length
      const answer = await ask(sides[at]!)
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
    const share = options.seconds / (cases.length + 1)
    const results = [
      { name: 'load, first text', seconds: await alternate(sides, ({ command }) => once(command, file), share) },
    ]
    for (const { name, question } of cases)
      results.push({
        name,
        seconds: await alternate(sides, ({ contender }) => contender.ask<Answer>({ file, ...question }), share),
      })
    const cell = (seconds: readonly number[][], i: number, aim?: number) =>
      seconds[i]!.some(Number.isNaN)
        ? 'fails'
        : i === 0
          ? milliseconds(seconds[0]!)
          : `${milliseconds(seconds[i]!)} ${ratio(seconds[0]!, seconds[i]!).toFixed(2)}×${aim === undefined ? '' : ` [${aim}]`}`
    log(
      table([
        ['ms, and how often as fast we are [aim]', ...results.map(({ name }) => name)],
        ...sides.map(({ side: { name, aim } }, i) => [
          name,
          // The aims are for whole texts and encoders at work.
          ...results.map((result) => cell(result.seconds, i, result.name.startsWith('text') ? aim : undefined)),
        ]),
      ]),
    )
    return { kind, size, first, sides: sides.map(({ side }) => side.name), results }
  } finally {
    for (const { contender } of sides) await contender.close()
  }
}
