/** A newest checkpoint that is cut, changed or missing a file is named before anything is trained on it; the one before it goes on. */
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RandomStream } from '../../src/base/random.ts'
import { cli } from '../cli/terminal.ts'
import { startHeld } from './gate.ts'
import { bytesOf, exhaustive, openRuns, small, trainArguments } from './run.ts'

const runs = openRuns()
afterAll(() => runs.close())

const recipe = { ...small, checkpoint: { every: 2, keep: 2 } }
const newest = join('checkpoints', 'step-4')
const files = [
  ...['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'],
  ...['optimizer.safetensors', 'best.safetensors', 'recipe.json', 'state.json', 'manifest.json'],
]
const random = new RandomStream({ seed: 4, purpose: 'test' })
const size = (file: string) => readFileSync(file).length
const damages: Readonly<Record<string, (file: string) => void>> = {
  empty: (file) => truncateSync(file, 0),
  'cut after one byte': (file) => truncateSync(file, 1),
  'cut in the middle': (file) => truncateSync(file, Math.floor(size(file) / 2)),
  'without its last byte': (file) => truncateSync(file, size(file) - 1),
  'with a bit flipped': (file) => {
    const bytes = readFileSync(file)
    bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8)
    writeFileSync(file, bytes)
  },
  'one byte longer': (file) => writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.of(10)])),
  missing: (file) => rmSync(file),
}

/** A run that died in its last save, with the checkpoints of steps 2 and 4. */
let dead: string
beforeAll(async () => {
  dead = runs.place('dead')
  const moment = { after: '"type":"step","step":6,', at: join(dead, 'checkpoints') }
  const held = await startHeld(trainArguments(dead, recipe), moment)
  held.child.kill('SIGKILL')
  await held.finished
})

/** A copy of the dead run with one file of its newest checkpoint damaged. */
function damaged(file: string, damage: string): string {
  const out = runs.place('damaged')
  cpSync(dead, out, { recursive: true, filter: (source) => !source.endsWith('.lock') })
  damages[damage]!(join(out, newest, file))
  return out
}

test('the checkpoint has just these files', () => {
  expect(readdirSync(join(dead, newest)).sort()).toEqual([...files].sort())
})

describe.each(files)('%s', (file) => {
  // How else a file may suffer is tried where the format is tested (src/training/resume.test.ts), and by `npm run test:faults`.
  const tried = Object.keys(damages).filter(
    (damage) => exhaustive || damage === 'with a bit flipped' || damage === 'missing',
  )
  test.each(tried)('%s', async (damage) => {
    const out = damaged(file, damage)
    const before = bytesOf(out)
    const argv = [...trainArguments(out, recipe), '--resume']
    // Without its manifest, written last, a checkpoint was never complete: that is what a crash leaves, and no error.
    const incomplete = file === 'manifest.json' && damage === 'missing'
    if (!incomplete) {
      const { code, out: said, err } = await cli(argv)
      expect({ code, said }).toEqual({ code: 3, said: '' })
      expect(err).toContain(join(out, newest, file))
      expect(err).toContain('--allow-fallback')
      expect(err.trimEnd().split('\n').length).toBeLessThanOrEqual(3)
      expect(bytesOf(out)).toEqual(before)
      const explicit = await cli([...argv, '--allow-fallback', '--resume-from', join(out, newest)])
      expect(explicit.code).toBe(3)
    }
    if (exhaustive || incomplete || damage === 'with a bit flipped') {
      const { code, out: said } = await cli([...argv, ...(incomplete ? [] : ['--allow-fallback'])])
      expect(code).toBe(0)
      expect(said).toContain('"type":"step","step":3,')
      expect(bytesOf(out)).toEqual(await runs.undisturbed(recipe))
    }
    runs.remove(out)
  })
})
