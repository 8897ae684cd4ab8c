/** A run killed without a word at any moment of its life goes on and ends with the bytes of an undisturbed one. */
import { cpSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { RandomStream } from '../../src/base/random.ts'
import { bytesOf, exhaustive, goOn, openRuns, small, start, trainArguments } from './run.ts'

const runs = openRuns()
afterAll(() => runs.close())

/** Half a second of steps, with a save after every fourth. */
const recipe = { ...small, steps: 60, evaluation: { every: 5, batches: 2 }, checkpoint: { every: 4, keep: 2 } }
const moments = exhaustive ? 200 : 8
const killsOfARun = 5

const stages = ['start', 'step', 'evaluation', 'sample', 'checkpoint', 'end']
/** What the run had last said when it was killed. */
const stageOf = (out: string) => {
  const said = stages.filter((type) => out.includes(`"type":"${type}"`))
  return said.length
    ? `after ${JSON.parse(out.slice(0, out.lastIndexOf('\n')).split('\n').at(-1)!).type}`
    : 'before start'
}

test(`killed at ${moments} random moments`, async () => {
  const random = new RandomStream({ seed: 2024, purpose: 'test' })
  const undisturbed = await runs.undisturbed(recipe)
  const where: Record<string, number> = {}
  let killed = 0
  for (let chain = 0; killed < moments; chain++) {
    const out = runs.place('killed')
    const kills: string[] = []
    while (killed < moments && kills.length < killsOfARun) {
      const resume = existsSync(join(out, 'run.json')) ? ['--resume'] : []
      const running = start([...trainArguments(out, recipe), ...resume])
      // Most of a short run's life is the start of its process: every fifth moment falls there, the others on its work.
      const early = random.integer(5) === 0
      const delay = random.uniform() * (early ? 400 : 500)
      if (!early) await running.printed('"type":"start"')
      await new Promise((resolve) => setTimeout(resolve, delay))
      running.child.kill('SIGKILL')
      const { signal, code, stdout, stderr } = await running.finished
      if (signal !== 'SIGKILL') {
        expect({ code, stderr }, `run ${chain}`).toMatchObject({ code: 0 })
        break
      }
      killed++
      kills.push(`${stageOf(stdout)} +${Math.round(delay)} ms`)
      where[stageOf(stdout)] = (where[stageOf(stdout)] ?? 0) + 1
    }
    const { code, stderr } = await goOn(out, recipe)
    expect({ code, stderr }, `after kills ${kills}`).toMatchObject({ code: 0 })
    expect(bytesOf(out), `after kills ${kills}`).toEqual(undisturbed)
    runs.remove(out)
  }
  if (exhaustive) console.log(`${killed} kills at random moments, all resumed to the same bytes:`, where)
}, 3_600_000)

test('killed when the last save had only to remove what is outdated', async () => {
  const out = runs.place('removing')
  await goOn(out, recipe)
  const complete = bytesOf(out)
  const at = (...names: string[]) => join(out, 'checkpoints', ...names)
  for (const outdated of ['step-48', '.step-52.removed', '.step-60.replaced'])
    cpSync(at('step-60'), at(outdated), { recursive: true })
  writeFileSync(join(out, '.config.json.tmp-999999-0'), '{')
  expect(Object.keys(bytesOf(out)).length).toBeGreaterThan(Object.keys(complete).length)
  const { code, stderr } = await goOn(out, recipe)
  expect({ code, stderr }).toMatchObject({ code: 0 })
  expect(bytesOf(out)).toEqual(complete)
})
