import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Axis,
  axesEqual,
  bindShape,
  divideAxes,
  elements,
  multiplyAxes,
  resolveAxis,
  shapeText,
  staticShape,
  symbol,
} from './axis.ts'

const names = ['batch', 'tokens', 'width'] as const
const product = (axes: readonly Axis[]) => axes.reduce<Axis>(multiplyAxes, 1)
/** Monomials of a few symbols, and numbers. */
const anyAxis: fc.Arbitrary<Axis> = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.array(fc.constantFrom(...names), { maxLength: 4 }))
  .map(([coefficient, symbols]) => product([coefficient, ...symbols.map(symbol)]))
const anyLengths = fc
  .tuple(...names.map(() => fc.integer({ min: 0, max: 9 })))
  .map((lengths) => new Map(names.map((name, i) => [name as string, lengths[i]!])))

describe('axes', () => {
  test('a product has the product of the lengths', () => {
    fc.assert(
      fc.property(anyAxis, anyAxis, anyLengths, (a, b, lengths) => {
        expect(resolveAxis(multiplyAxes(a, b), lengths)).toBe(resolveAxis(a, lengths) * resolveAxis(b, lengths))
      }),
    )
  })

  test('multiplying commutes, and dividing undoes it', () => {
    fc.assert(
      fc.property(anyAxis, anyAxis, (a, b) => {
        expect(axesEqual(multiplyAxes(a, b), multiplyAxes(b, a))).toBe(true)
        const back = divideAxes(multiplyAxes(a, b), b)
        expect(back !== undefined && axesEqual(back, a)).toBe(true)
      }),
    )
  })

  test('what does not divide exactly is refused', () => {
    expect(divideAxes(7, 2)).toBeUndefined()
    expect(divideAxes(symbol('batch'), symbol('tokens'))).toBeUndefined()
    expect(divideAxes(4, 0)).toBeUndefined()
    expect(divideAxes(multiplyAxes(6, symbol('batch')), 3)!.toString()).toBe('2·batch')
  })

  test('they read as they are written', () => {
    const batch = symbol('batch')
    expect(shapeText([2, multiplyAxes(3, multiplyAxes(batch, multiplyAxes(symbol('tokens'), batch)))])).toBe(
      '[2, 3·batch·batch·tokens]',
    )
    expect(elements([batch, 0])).toBe(0)
  })

  test('lengths give the symbols their values', () => {
    const bindings = new Map<string, number>()
    bindShape([symbol('batch'), multiplyAxes(4, symbol('tokens')), 5], [2, 12, 5], bindings)
    expect([...bindings]).toEqual([
      ['batch', 2],
      ['tokens', 3],
    ])
  })

  test('errors name the axis', () => {
    expect(() => resolveAxis(symbol('batch'), new Map())).toThrow('The axis batch has no value')
    expect(() => staticShape([2, symbol('batch')], 'pad')).toThrow('pad needs known lengths, got [2, batch]')
  })
})
