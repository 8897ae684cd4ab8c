/** One process at a time trains in a directory; whoever dies does not stand in the way. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startHeld } from './gate.ts'
import { bytesOf, goOn, openRuns, small, start, trainArguments } from './run.ts'
import { save } from './strace.ts'

const runs = openRuns()
afterAll(() => runs.close())

test('a second process is refused within two seconds and names the first, which is unharmed', async () => {
  const out = runs.place()
  const argv = trainArguments(out, small)
  const first = await startHeld(argv, { ...save, at: join(out, save.at) })
  const before = bytesOf(out)
  for (const second of [[...argv, '--resume'], argv]) {
    const { code, stdout, stderr, milliseconds } = await start(second).finished
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toContain(`${out}: in use by process ${first.child.pid} on `)
    expect(milliseconds).toBeLessThan(2000)
  }
  expect(bytesOf(out)).toEqual(before)
  first.open()
  expect(await first.finished).toMatchObject({ code: 0, stderr: '' })
  expect(bytesOf(out)).toEqual(await runs.undisturbed(small))
})

test('after kill −9 of the first another one goes on', async () => {
  const out = runs.place()
  const first = await startHeld(trainArguments(out, small), { ...save, at: join(out, save.at) })
  first.child.kill('SIGKILL')
  await first.finished
  expect(await goOn(out, small)).toMatchObject({ code: 0, stderr: '' })
  expect(bytesOf(out)).toEqual(await runs.undisturbed(small))
})

test('of several that start at once one trains, the others are refused', async () => {
  const out = runs.place()
  const argv = trainArguments(out, { ...small, steps: 60 })
  const all = await Promise.all(Array.from({ length: 4 }, () => start(argv).finished))
  expect(all.map(({ code }) => code).sort()).toEqual([0, 4, 4, 4])
  expect(bytesOf(out)).toEqual(await runs.undisturbed({ ...small, steps: 60 }))
})
