import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { coresOf, featuresOf, physicalCores, quotaOf } from './processor.ts'

const cpuinfo = (cores: [packageId: number, coreId: number][]) =>
  cores
    .map(
      ([p, c], i) =>
        `processor\t: ${i}\nphysical id\t: ${p}\ncore id\t\t: ${c}\nflags\t\t: fpu sse2 avx2 fma avx512f\n`,
    )
    .join('\n')

test('two threads of one core count once, equal core numbers of two packages twice', () => {
  const listed = cpuinfo([
    [0, 0],
    [0, 1],
    [0, 0],
    [0, 1],
    [1, 0],
  ])
  expect(coresOf(listed)).toBe(3)
  expect(coresOf('processor\t: 0\nFeatures\t: fp asimd')).toBe(0)
  expect(coresOf('')).toBe(0)
})

test('a container may use the whole processors of its quota, at least one', () => {
  expect(quotaOf('350000 100000\n')).toBe(3)
  expect(quotaOf('50000 100000')).toBe(1)
  expect(quotaOf('max 100000')).toBe(Number.POSITIVE_INFINITY)
  expect(quotaOf('')).toBe(Number.POSITIVE_INFINITY)
})

test('the instruction sets that matter are picked, on x64 and arm64', () => {
  expect(featuresOf(cpuinfo([[0, 0]]))).toEqual(['avx2', 'fma', 'avx512f'])
  expect(featuresOf('Features\t: fp asimd evtstrm asimddp i8mm')).toEqual(['asimd', 'asimddp', 'i8mm'])
  expect(featuresOf('')).toEqual([])
})

test('this machine has from one core to what is available', () => {
  expect(physicalCores()).toBeGreaterThanOrEqual(1)
  expect(physicalCores()).toBeLessThanOrEqual(availableParallelism())
})
