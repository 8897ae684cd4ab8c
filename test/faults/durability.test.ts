/** After a loss of power a run's directory holds the old or the new of everything, never a part. */
import { afterAll, describe, expect, test } from 'vitest'
import { powerLossHazards } from './durability.ts'
import { openRuns } from './run.ts'
import { type Call, callsUntil, parseTrace, sections, traced, whyNoStrace } from './strace.ts'

const runs = openRuns()
afterAll(() => runs.close())

describe('what counts as a hazard', () => {
  const good = [
    'mkdir("/run/checkpoints/.new", 0777) = 0',
    'openat(AT_FDCWD</>, "/run/checkpoints/.new/a", O_WRONLY|O_CREAT|O_EXCL, 0666) = 3</run/checkpoints/.new/a>',
    'write(3</run/checkpoints/.new/a>, "x", 1) = 1',
    'fsync(3</run/checkpoints/.new/a>) = 0',
    'fsync(4</run/checkpoints/.new>) = 0',
    'rename("/run/checkpoints/.new", "/run/checkpoints/step-4") = 0',
    'fsync(5</run/checkpoints>) = 0',
    'unlink("/run/checkpoints/step-2/a") = 0',
    'rmdir("/run/checkpoints/step-2") = 0',
  ]
  const hazards = (lines: readonly string[]) =>
    powerLossHazards(parseTrace(lines.map((line) => `1 ${line}`).join('\n'), '/run', '1'))

  test('none when every file, its folder and its folder’s folder are synced in this order', () => {
    expect(hazards(good)).toEqual([])
  })
  test.each([
    ['the file', 3, 'OUT/checkpoints/step-4 gets its name before OUT/checkpoints/.new/a is on disk'],
    ['its folder', 4, 'OUT/checkpoints/step-4 gets its name before the names in OUT/checkpoints/.new are on disk'],
    ['the folder above', 6, 'OUT/checkpoints/step-2/a is removed before the names in OUT/checkpoints are on disk'],
  ])('%s not synced', (_, left, hazard) => {
    expect(hazards(good.filter((_, i) => i !== left))).toContain(hazard)
  })
  test('a failed fsync does not count', () => {
    expect(hazards(good.with(3, good[3]!.replace('= 0', '= -1 EIO (Input/output error)')))).not.toEqual([])
  })
})

const reason = whyNoStrace()
describe.skipIf(reason)(`the calls of a run${reason ? ` (${reason})` : ''}`, () => {
  test.each(sections)('$name', async (section) => {
    const { code, calls } = await traced(runs, section)
    expect(code).toBe(0)
    const all = callsUntil(calls, section.until)
    const durable = ({ path }: Call) => path !== undefined && !/\.lock|\.jsonl$/.test(path)
    expect(all.filter(({ name }) => name === 'fsync').length).toBeGreaterThan(5)
    expect(all.filter(({ name }) => name === 'io_uring_enter')).toEqual([])
    expect(powerLossHazards(all.filter(durable))).toEqual([])
  })
})
