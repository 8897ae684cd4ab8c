/** Work that ends is as if called; work that does not end is stopped. */
import { describe, expect, test } from 'vitest'
import { withinTime } from './deadline.ts'
import { PellucidError } from './errors.ts'

const forever = (): never => {
  for (;;);
}
const thrown = (work: () => unknown): unknown => {
  try {
    return expect.fail(`returned ${work()}`)
  } catch (error) {
    return error
  }
}

describe('work in time', () => {
  test('gives what it gives', () => {
    const list = [1, 2]
    expect(withinTime(1000, () => list)).toBe(list)
    expect(withinTime(1000, () => [3])).toBeInstanceOf(Array)
    expect(withinTime(1000, () => undefined)).toBeUndefined()
    expect(withinTime(1000, () => withinTime(500, () => 'within') + withinTime(500, () => ' another'))).toBe(
      'within another',
    )
  })
  test.each<[string, unknown]>([
    ['an error', new TypeError('x')],
    ['a text', 'x'],
    ['nothing', null],
  ])('throws %s as it is', (_, value) => {
    expect(
      thrown(() =>
        withinTime(1000, () => {
          throw value
        }),
      ),
    ).toBe(value)
  })
})

test('work that does not end is stopped, whatever it would catch', () => {
  let caught = false
  const stubborn = () => {
    try {
      forever()
    } catch {
      caught = true
    }
  }
  const start = performance.now()
  const error = thrown(() => withinTime(50, stubborn))
  expect(error).toBeInstanceOf(PellucidError)
  expect(error).toMatchObject({ code: 'OUT_OF_TIME', message: 'Takes more than 0.05 s.' })
  expect(performance.now() - start).toBeGreaterThanOrEqual(49)
  expect(caught).toBe(false)
  expect(withinTime(1000, () => 'again')).toBe('again')
})
