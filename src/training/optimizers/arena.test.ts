/** Arenas: where things lie, what happens at the limits, and offsets beyond 2 GiB. */
import { describe, expect, test } from 'vitest'
import { arenaBytes, createArena, viewOf, viewsOf } from './arena.ts'
import { loadKernel } from './kernel.ts'

const items = [
  { name: 'a', slots: { parameter: 5, gradient0: 5 } },
  { name: 'b', slots: { parameter: 100, gradient0: 100 } },
]

describe('createArena', () => {
  test('slots are zero, aligned to cache lines, and do not overlap', () => {
    const arena = createArena(items)
    const regions = [...arena.regions.values()].flatMap((slots) => Object.values(slots))
    expect(regions.every(({ offset }) => offset % 64 === 0)).toBe(true)
    for (const [k, slot] of ['parameter', 'gradient0'].entries())
      for (const [name, view] of viewsOf(arena, slot)) {
        expect(view.every((x) => x === 0)).toBe(true)
        view.fill(name.charCodeAt(0) + k)
      }
    for (const [k, slot] of ['parameter', 'gradient0'].entries())
      for (const [name, view] of viewsOf(arena, slot)) expect(new Set(view)).toEqual(new Set([name.charCodeAt(0) + k]))
    expect(viewOf(arena, 'a', 'parameter').length).toBe(5)
    expect(arenaBytes(arena)).toBe(65_536)
  })

  test('opens another memory when one is full, and keeps the slots of a parameter together', () => {
    const arena = createArena(items, { limit: 896 })
    expect(
      [...arena.regions.values()].map(({ parameter, gradient0 }) => [parameter!.memory, gradient0!.memory]),
    ).toEqual([
      [0, 0],
      [1, 1],
    ])
  })

  test('refuses what it cannot hold', () => {
    expect(() => createArena(items, { limit: 512 })).toThrow(/b needs 896 bytes.*one memory holds 512/)
    expect(() => createArena([items[0]!, items[0]!])).toThrow(/Two parameters are named a/)
    expect(() => viewOf(createArena(items), 'a', 'exp_avg')).toThrow(/no exp_avg of a/)
    const giant = { name: 'giant', slots: { parameter: 2 ** 31 } }
    expect(() => createArena([giant])).toThrow(/one memory holds 4294901760/)
    expect(() => createArena([giant], { limit: 2 ** 40 })).toThrow(/need 8\.59 GB, which this machine did not give/)
  })

  test('a shared arena posted to another thread shows the same numbers there', () => {
    const arena = createArena(items, { shared: true })
    const there = structuredClone(arena)
    viewOf(there, 'b', 'gradient0').fill(7)
    expect(viewOf(arena, 'b', 'gradient0').every((x) => x === 7)).toBe(true)
  })

  test('kernels reach beyond 2 GiB', () => {
    const far = { name: 'far', slots: { parameter: 1000, gradient0: 1000 } }
    const arena = createArena([{ name: 'gap', slots: { parameter: 2 ** 30 - 2 ** 15 } }, far])
    const { parameter, gradient0 } = arena.regions.get('far')!
    expect(parameter!.memory).toBe(0)
    expect(parameter!.offset).toBeGreaterThan(2 ** 31)
    viewOf(arena, 'far', 'parameter').fill(2)
    viewOf(arena, 'far', 'gradient0').fill(3)
    const kernel = loadKernel(arena.memories[0]!)
    expect(kernel.addAndSumSquares(parameter!.offset, gradient0!.offset, 1008)).toBe(25_000)
    kernel.adam(parameter!.offset, gradient0!.offset, gradient0!.offset, gradient0!.offset, 0, 0, 0, 0, 0, 0, 0, 0)
    expect(kernel.sumOfSquares(parameter!.offset, 1008)).toBe(25_000)
  })
})
