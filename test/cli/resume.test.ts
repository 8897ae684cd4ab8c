/** Going on with a run on the command line: what is shown, what is refused, and with which exit code. */
import { appendFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cli } from './terminal.ts'
import { openWorkspace, tiny } from './workspace.ts'

let workspace: Awaited<ReturnType<typeof openWorkspace>>
/** A run of 4 steps with the checkpoints of steps 2 and 4. */
const settings = ['steps=4', 'checkpoint.every=2', 'evaluation.every=2', 'tokenizer={"type":"characters"}']
beforeAll(async () => {
  workspace = await openWorkspace()
  const set = settings.flatMap((field) => ['--set', field])
  const { code, err } = await cli(['train', '--data', 'text.txt', '--out', 'run', ...tiny, ...set])
  if (code !== 0) throw new Error(err)
})
afterAll(() => workspace.close())

/** Goes on with a copy of the run. */
async function goOn(prepare: (out: string) => void, ...flags: string[]) {
  rmSync('copy', { recursive: true, force: true })
  cpSync('run', 'copy', { recursive: true })
  prepare('copy')
  return await cli(['train', '--out', 'copy', ...flags])
}
const damage = (out: string) => truncateSync(join(out, 'checkpoints', 'step-4', 'optimizer.safetensors'), 100)
const nothing = () => {}
const lines = (text: string) => text.trimEnd().split('\n').length

describe('shown', () => {
  test('from which step, and what is no longer as it was', async () => {
    const set = ['steps=6', 'optimizer.learningRate=0.002'].flatMap((field) => ['--set', field])
    const { code, out } = await goOn(nothing, '--resume', ...set)
    expect(code).toBe(0)
    expect(out).toMatch(/going on after step 4\nchanged: steps 4 → 6\nchanged: optimizer.learningRate \S+ → 0.002\n/)
    const change = readFileSync('copy/metrics.jsonl', 'utf8')
      .split('\n')
      .find((line) => line.includes('"change"'))
    expect(JSON.parse(change!)).toMatchObject({ step: 4, changes: [{ field: 'steps' }, { to: 0.002 }] })
  })
  test('the checkpoint that was passed over', async () => {
    const { code, out } = await goOn(damage, '--resume', '--allow-fallback')
    expect(code).toBe(0)
    expect(out).toMatch(/going on after step 2\npassed over: .*optimizer.safetensors: has 100 bytes, expected \d+\n/)
    expect(out).toMatch(/^done after 4 steps/m)
  })
  test('as JSON, the same', async () => {
    const { out } = await goOn(damage, '--resume', '--allow-fallback', '--set', 'steps=5', '--json')
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.find(({ type }) => type === 'start')).toMatchObject({
      step: 2,
      resumed: {
        path: expect.stringMatching(/step-2$/),
        changes: [{ field: 'steps', from: 4, to: 5 }],
        environment: [],
        skipped: [expect.stringContaining('step-4')],
      },
    })
  })
  test('early stopping', async () => {
    const patience = ['steps=20', 'evaluation.patience=1', 'evaluation.minimumImprovement=100']
    const { code, out, err } = await goOn(nothing, '--resume', ...patience.flatMap((field) => ['--set', field]))
    expect(code).toBe(0)
    expect(out).toMatch(/^stopped early after 6 steps and \d+s; nothing was better than step 6$/m)
    expect(err).toContain('The model is in copy')
  })
  test('a checkpoint that is named, whose run is found from it', async () => {
    const from = join('copy', 'checkpoints', 'step-2')
    const { code, out } = await goOn(nothing, '--resume-from', from)
    expect(code).toBe(0)
    expect(out).toContain('going on after step 2')
    const found = await cli(['train', '--resume-from', join('copy', 'checkpoints', 'step-4')])
    expect(found.out).toMatch(/^done after 4 steps/m)
  })
})

describe('refused', () => {
  test.each([
    [3, /optimizer.safetensors: has 100 bytes, expected \d+\.\nGo on from an earlier .*--allow-fallback/, damage],
    [3, /metrics.jsonl: has 10 bytes.*\n.*--allow-fallback/, (out: string) => truncateSync(`${out}/metrics.jsonl`, 10)],
    [3, /run.json:.*not valid JSON/, (out: string) => truncateSync(`${out}/run.json`, 40)],
    [4, /another recipe: seed 1 → 5; model.layers 1 → 2/, nothing, '--set', 'model.layers=2', '--set', 'seed=5'],
    [2, /--allow-fallback is for a run that goes on/, nothing, '--allow-fallback', '--no-resume'],
    [2, /no such checkpoint directory/, nothing, '--resume-from', 'copy/checkpoints/step-3'],
  ] as [number, RegExp, (out: string) => void, ...string[]][])(
    'exit %i: %o',
    async (code, message, prepare, ...flags) => {
      const resume = flags.some((flag) => flag.includes('resume')) ? [] : ['--resume']
      const outcome = await goOn(prepare, ...resume, ...flags.filter((flag) => flag !== '--no-resume'))
      expect(outcome.err).toMatch(message)
      expect(outcome.code).toBe(code)
      expect(lines(outcome.err)).toBeLessThanOrEqual(3)
      expect(outcome.out).toBe('')
    },
  )

  test('a text that has changed, unless that is allowed', async () => {
    const text = readFileSync('text.txt')
    try {
      appendFileSync('text.txt', 'The cat ran.\n')
      const refused = await goOn(nothing, '--resume')
      expect(refused.code).toBe(4)
      expect(refused.err).toMatch(/it has \d+ bytes instead of \d+\.\n.*--allow-data-change/)
      expect(lines(refused.err)).toBe(2)
      const allowed = await goOn(nothing, '--resume', '--allow-data-change', '--set', 'steps=5')
      expect(allowed.code).toBe(0)
      expect(allowed.out).toMatch(/^changed: the text$/m)
      rmSync('text.txt')
      const gone = await goOn(nothing, '--resume')
      expect(gone.code).toBe(4)
      expect(gone.err).toMatch(/^text.txt: .*\nThe run was started with a text there/)
    } finally {
      writeFileSync('text.txt', text)
    }
  })
})
