/** giveWay lets timers that are due run, where awaiting a settled promise would not. */
import { expect, test } from 'vitest'
import { giveWay } from './event-loop.ts'

test.each([
  [true, giveWay],
  [false, () => Promise.resolve()],
])('a timer runs within the work: %s', async (expected, turn) => {
  let fired = false
  const timer = setTimeout(() => (fired = true), 5)
  for (const start = performance.now(); performance.now() < start + 50; ) await turn()
  expect(fired).toBe(expected)
  clearTimeout(timer)
})
