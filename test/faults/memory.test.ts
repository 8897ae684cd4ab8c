/** What a run is predicted to need is what it takes; what the machine cannot give is refused before anything is made. */
import { existsSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import type { RecipeInput } from '../../src/training/recipe.ts'
import { bytesOf, eventsOf, openRuns, small, start, trainArguments } from './run.ts'

const runs = openRuns()
afterAll(() => runs.close())

const short: RecipeInput = {
  ...small,
  tokenizer: { type: 'characters' },
  steps: 2,
  gradientAccumulation: 1,
  evaluation: { every: 2, batches: 1 },
  samples: {},
}
/** Runs in which the one or the other takes most. */
const recipes: Readonly<Record<string, RecipeInput>> = {
  'the program': short,
  'activations of layers': {
    ...short,
    model: { layers: 6, heads: 6, width: 384, dropout: 0.1 },
    batchSize: 2,
    contextLength: 256,
  },
  'attention over a long context': {
    ...short,
    model: { layers: 2, heads: 4, width: 64 },
    batchSize: 2,
    contextLength: 1024,
  },
  'gradients and optimizer': { ...short, model: { layers: 2, heads: 8, width: 768 }, gradientAccumulation: 2 },
}

describe('a prediction is within 30 % of the peak that the system has measured', () => {
  const tellPeak = `process.on('exit', () => process.stderr.write(String(process.resourceUsage().maxRSS * 1024)))`
  test.each(Object.keys(recipes))('most of it: %s', async (name) => {
    const out = runs.place()
    const node = ['--import', `data:text/javascript,${encodeURIComponent(tellPeak)}`]
    const finished = await start(trainArguments(out, recipes[name]!), { node }).finished
    expect(finished.code).toBe(0)
    const measured = Number(finished.stderr)
    const { memory } = eventsOf(finished).find(({ type }) => type === 'start') as { memory: number }
    expect(memory / measured).toBeGreaterThan(0.7)
    expect(memory / measured).toBeLessThan(1.3)
    runs.remove(out)
  })
})

describe('more than there is', () => {
  const huge = { ...short, model: { layers: 48, heads: 25, width: 1600 }, batchSize: 512, contextLength: 1024 }
  test.each([
    ['activations', huge],
    ['the model alone', { ...huge, model: { layers: 96, heads: 96, width: 12288 } }],
  ])('%s: refused with numbers, and nothing is left', async (_, recipe) => {
    const out = runs.place()
    const { code, stderr, milliseconds } = await start(trainArguments(out, recipe)).finished
    expect(code).toBe(1)
    expect(stderr).toMatch(/^This run needs (about|more than) [\d.]+ GB of memory \(.*\); [\d.]+ [GM]B is /)
    expect(stderr).toContain('batchSize')
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3)
    expect(existsSync(out)).toBe(false)
    expect(milliseconds).toBeLessThan(20_000)
  })

  const noLimits = process.platform === 'linux' ? undefined : 'ulimit -v is Linux’s'
  test.skipIf(noLimits)(`addresses: ulimit -v is named${noLimits ? ` (${noLimits})` : ''}`, async () => {
    const wrapper = ['sh', '-c', 'ulimit -v 6000000; exec "$0" "$@"']
    const { code, stderr } = await start(trainArguments(runs.place(), small), { wrapper }).finished
    expect(code).toBe(1)
    expect(stderr).toContain('ulimit -v allows 6 GB of addresses')
  })

  test('--max-memory sets the limit', async () => {
    const out = runs.place()
    const argv = trainArguments(out, small)
    const refused = await start([...argv, '--max-memory', '0.1']).finished
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('100 MB is what --max-memory allows')
    expect((await start([...argv, '--max-memory', '2']).finished).code).toBe(0)
  })
})

test('a dry run says what would be trained and leaves nothing', async () => {
  const out = runs.place()
  const argv = [...trainArguments(out, small), '--dry-run']
  const asJson = await start(argv).finished
  expect(asJson).toMatchObject({ code: 0, stderr: '' })
  expect(eventsOf(asJson).filter(({ type }) => type !== 'prepare')).toEqual([
    expect.objectContaining({ type: 'start', parameters: 9712, trainTokens: 18162, memory: expect.any(Number) }),
  ])
  const plain = await start(argv.filter((word) => word !== '--json')).finished
  expect(plain).toMatchObject({ code: 0, stderr: '' })
  expect(plain.stdout).toMatch(/9\.7k parameters(.|\n)*6 steps of 128 tokens.* about \d+ MB of memory/)
  expect(existsSync(out)).toBe(false)
  expect((await start([...argv, '--max-memory', '0.1']).finished).code).toBe(1)

  expect((await start(argv.slice(0, -1)).finished).code).toBe(0)
  const finished = bytesOf(out)
  expect(await start([...argv, '--resume']).finished).toMatchObject({ code: 0, signal: null, stderr: '' })
  expect(bytesOf(out)).toEqual(finished)
})
