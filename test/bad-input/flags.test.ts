/** Every malformed command line is refused in three lines at most, on stderr, with nothing written, nothing printed, and no trace of the code. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Command, OptionSpec } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { cli, type Outcome } from '../cli/terminal.ts'
import { openWorkspace } from '../cli/workspace.ts'
import { flagCases, prepareFlags } from './flags.ts'

let workspace: Awaited<ReturnType<typeof openWorkspace>>
beforeAll(async () => {
  // What this machine has downloaded plays no part, and nothing is asked of the network.
  Object.assign(process.env, { HF_HUB_OFFLINE: '1', HF_HOME: 'hub' })
  workspace = await openWorkspace()
  prepareFlags()
}, 60_000)
afterAll(() => workspace.close())

const hasTrace = /undefined|\[object|TypeError|RangeError|unexpected|\n\s+at |\.ts:\d|node:/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const steersTerminal = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/

function expectPresentable({ out, err }: Outcome): void {
  // Where a text is long or the machine is slow, its preparation is shown before something is wrong with it.
  expect(out.replace(/^(reading|learning|cutting) .*\n/gm, '')).toBe('')
  expect(err.endsWith('\n')).toBe(true)
  expect(err.trimEnd().split('\n').length).toBeLessThanOrEqual(3)
  expect(err.length).toBeLessThan(800)
  expect(err).not.toMatch(hasTrace)
  expect(err).not.toMatch(steersTerminal)
}

test('there are as many cases as there should be', () => {
  const lines = Object.values(flagCases).flatMap((cases) => cases.map(({ argv }) => JSON.stringify(argv)))
  expect(new Set(lines).size).toBe(lines.length)
  expect(lines.length).toBeGreaterThanOrEqual(200)
})

for (const [group, cases] of Object.entries(flagCases))
  describe(group, () => {
    test.each(cases.map((each) => ({ ...each, line: JSON.stringify(each.argv).slice(1, 100) })))(
      '$line',
      async ({ argv, code, says }) => {
        const before = workspace.snapshot()
        const outcome = await cli(argv)
        expect(outcome.err).toMatch(says)
        expect(outcome.code).toBe(code)
        expectPresentable(outcome)
        expect(workspace.snapshot()).toBe(before)
      },
    )
  })

/** Every command that does something, with the words that call it and an argument for each that it needs. */
const all = (
  await Promise.all(
    commands.map(async ({ name, load }) => {
      const command = await load()
      const within = (command.subcommands ?? []).map((sub): [string[], Command] => [[name, sub.name], sub])
      return command.run ? [[[name], command] as [string[], Command], ...within] : within
    }),
  )
).flat()
const needed = ({ arguments: specs = [] }: Command) => specs.filter((spec) => !spec.optional).map(() => 'nowhere')
const flagOf = ({ flags }: OptionSpec) => /--[\w-]+/.exec(flags)![0]

/** Flags whose values are numbers or words of a list: they refuse an empty text themselves. Others hold any text. */
const freeTexts = ['--prompt', '--text', '--pair', '--system', '--capture', '--set', '--special']

describe.each(all.map(([words, command]) => [words.join(' '), words, command] as const))('%s', (_, words, command) => {
  const options = command.options ?? []
  const withValue = options.filter(({ flags }) => flags.includes('<'))
  test('every flag with a value refuses to be without one, and to be given twice', async () => {
    for (const option of withValue) {
      const flag = flagOf(option)
      for (const argv of [[flag], [flag, '--debug'], [flag, '--help']]) {
        const outcome = await cli([...words, ...needed(command), ...argv])
        // --debug asks for a trace, so it is only looked for without.
        expect(outcome.err).toContain(`${flag} needs a value`)
        expect(outcome.code).toBe(2)
      }
      if (option.repeat) continue
      const twice = await cli([...words, ...needed(command), `${flag}=1`, `${flag}=1`])
      expect(twice.err).toMatch(/given twice|is '1', expected/)
      expect(twice.code).toBe(2)
    }
  })
  test('every flag without a value refuses one', async () => {
    for (const option of options.filter((each) => !withValue.includes(each))) {
      const outcome = await cli([...words, ...needed(command), `${flagOf(option)}=1`])
      expect(outcome).toMatchObject({ code: 2, err: expect.stringContaining(`${flagOf(option)} takes no value`) })
      expectPresentable(outcome)
    }
  })
  test('every flag that is no free text refuses an empty one', async () => {
    for (const option of withValue.filter((each) => !freeTexts.includes(flagOf(each)))) {
      const outcome = await cli([...words, ...needed(command), `${flagOf(option)}=`])
      expect(outcome).toMatchObject({ code: 2, err: expect.stringContaining(flagOf(option)) })
      expectPresentable(outcome)
    }
  })
  test('--help among other flags helps, an unknown flag beside it or not', async () => {
    const outcome = await cli([...words, '--help', '--bogus'])
    expect(outcome).toMatchObject({ code: 0, err: '' })
    expect(outcome.out).toMatch(/^Usage: /)
  })
})

test('any command line of junk is refused as a person would want it, or is help', async () => {
  const junk = fc.oneof(
    fc.constantFrom(
      '',
      '-',
      '--',
      '-1',
      '0',
      'NaN',
      '1e400',
      '__proto__',
      'constructor',
      '=',
      'a=b',
      'steps=',
      '../x',
      '\n',
      '\u2028',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.double().map(String),
    fc.bigInt().map(String),
    fc.json({ maxDepth: 3 }),
  )
  // What would run for long, or ask nothing of its arguments, is left out.
  const harmless = all.filter(([words]) => !['bench', 'doctor', 'models', 'start'].includes(words[0]!))
  const line = fc.constantFrom(...harmless).chain(([words, command]) => {
    const flags = (command.options ?? []).map(flagOf).filter((flag) => flag !== '--schema')
    const flag = fc.constantFrom(...flags, '--bogus', '--Json', '-x')
    const part = fc.oneof(
      fc.tuple(flag, junk),
      fc.tuple(flag, junk).map(([name, value]) => [`${name}=${value}`]),
      fc.tuple(junk),
      fc.tuple(flag),
    )
    // The model, tokenizer, text or recipe does not exist: whatever else is well, that is refused.
    const missing: Record<string, string[]> = {
      train: ['--recipe', 'nowhere'],
      tokenizer: ['--out', 'text.txt'],
      tokenize: ['nowhere', 'a text'], // a name alone would be a text that `--explain` learns pairs from
    }
    const named = missing[words[0]!] ?? ['nowhere']
    return fc.array(part, { maxLength: 4 }).map((parts) => [...words, ...named, ...parts.flat()])
  })
  const before = workspace.snapshot()
  await fc.assert(
    fc.asyncProperty(line, async (argv) => {
      const outcome = await cli(argv)
      if (outcome.code === 0) {
        expect(outcome.err).toBe('')
        expect(outcome.out).toMatch(/^Usage: /)
        return
      }
      expect([1, 2, 3, 4]).toContain(outcome.code)
      if (argv.includes('--debug')) return
      expectPresentable({ ...outcome, err: outcome.err.replaceAll('undefined', '').replaceAll('node:', '') })
    }),
    { numRuns: 300 },
  )
  expect(workspace.snapshot()).toBe(before)
})
