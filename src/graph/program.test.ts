import { describe, expect, test } from 'vitest'
import { input } from '../ops/index.ts'
import { zeros } from '../tensor/array.ts'
import { multiplyAxes, symbol } from './axis.ts'
import { bindSymbols, program } from './program.ts'

const [batch, tokens] = [symbol('batch'), symbol('tokens')]
const x = input('x', [batch, tokens])
const mask = input('mask', [batch, multiplyAxes(2, tokens)], 'bool')
const both = program({ x, mask }, { y: x })
const fed = (shape: number[], maskShape: number[]) => ({ x: zeros('float32', shape), mask: zeros('bool', maskShape) })

describe('what a program is fed', () => {
  test('gives the symbols their values', () => {
    expect([...bindSymbols(both, fed([2, 3], [2, 6]))]).toEqual([
      ['batch', 2],
      ['tokens', 3],
    ])
  })

  test.each([
    ['missing', { x: zeros('float32', [2, 3]) }, 'Input mask is missing; expected bool[batch, 2·tokens].'],
    [
      'of another dtype',
      { ...fed([2, 3], [2, 6]), x: zeros('int32', [2, 3]) },
      'Input x is int32[2, 3], expected float32[batch, tokens].',
    ],
    ['of another rank', fed([2], [2, 6]), 'Input x is float32[2], expected float32[batch, tokens].'],
    ['of two opinions', fed([2, 3], [4, 6]), 'Input mask is bool[4, 6]: axis 0 (batch) should have 2 elements.'],
    ['no multiple', fed([2, 3], [2, 5]), 'Input mask is bool[2, 5]: axis 1 (2·tokens) should have 6 elements.'],
  ])('an input %s', (_, given, message) => {
    expect(() => bindSymbols(both, given)).toThrow(message)
  })
})
