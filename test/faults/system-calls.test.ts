/** A run killed at each single system call of its file work goes on and ends with the bytes of an undisturbed one. */
import { afterAll, describe, expect, test } from 'vitest'
import { bytesOf, exhaustive, goOn, openRuns, small } from './run.ts'
import { callsUntil, sections, traced, whyNoStrace } from './strace.ts'

const runs = openRuns()
afterAll(() => runs.close())

/** Points of each section that `npm test` tries, spread evenly. */
const sample = 2

const reason = whyNoStrace()
describe.skipIf(reason)(`killed at a system call${reason ? ` (${reason})` : ''}`, () => {
  test.each(sections)('$name', { timeout: 3_600_000 }, async (section) => {
    const undisturbed = await runs.undisturbed(small)
    const plain = await traced(runs, section)
    expect(plain).toMatchObject({ code: 0, stderr: '' })
    expect(bytesOf(plain.out)).toEqual(undisturbed)
    const calls = callsUntil(plain.calls, section.until).filter(({ path }) => path !== undefined)
    const chosen = exhaustive ? calls : calls.filter((_, i) => i % Math.ceil(calls.length / sample) === 0)
    for (const call of chosen) {
      const point = `${call.name} ${call.nth} of ${call.path}`
      const { out, signal, calls } = await traced(runs, section, { call, effect: 'signal=KILL' })
      expect(signal, point).toBe('SIGKILL')
      expect(calls.at(-1)).toMatchObject({ name: call.name, path: call.path, nth: call.nth })
      const { code, stderr } = await goOn(out, small)
      expect({ code, stderr }, point).toEqual({ code: 0, stderr: '' })
      expect(bytesOf(out), point).toEqual(undisturbed)
      runs.remove(out)
    }
    if (exhaustive)
      console.log(
        `${section.name}: killed at ${chosen.length} of its ${calls.length} system calls, all resumed to the same bytes`,
      )
  })
})
