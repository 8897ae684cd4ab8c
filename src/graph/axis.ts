/** Axes: a number, or a monomial of symbols (`3·batch·tokens`) that multiplies and divides exactly. */
import { failure } from '../base/errors.ts'

/** coefficient · Π symbolᵖᵒʷᵉʳ, with a positive integer coefficient and powers ≥ 1. */
export class SymbolicAxis {
  readonly coefficient: number
  readonly powers: ReadonlyMap<string, number>
  constructor(coefficient: number, powers: ReadonlyMap<string, number>) {
    this.coefficient = coefficient
    this.powers = powers
  }
  toString(): string {
    const names = [...this.powers].flatMap(([name, power]) => Array<string>(power).fill(name))
    return (this.coefficient === 1 ? names : [String(this.coefficient), ...names]).join('·')
  }
}

/** The length of one axis of a traced tensor. */
export type Axis = number | SymbolicAxis
export type Shape = readonly Axis[]
/** Values of the symbols, known when a program runs. */
export type Bindings = ReadonlyMap<string, number>

/** A named axis whose length is known only when the program runs. */
export const symbol = (name: string): Axis => new SymbolicAxis(1, new Map([[name, 1]]))

const parts = (axis: Axis): SymbolicAxis => (typeof axis === 'number' ? new SymbolicAxis(axis, new Map()) : axis)

const normal = (coefficient: number, powers: Map<string, number>): Axis => {
  const sorted = new Map([...powers].filter(([, power]) => power !== 0).sort(([a], [b]) => (a < b ? -1 : 1)))
  return sorted.size === 0 || coefficient === 0 ? coefficient : new SymbolicAxis(coefficient, sorted)
}

/** a · b. */
export function multiplyAxes(a: Axis, b: Axis): Axis {
  const [x, y] = [parts(a), parts(b)]
  const powers = new Map(x.powers)
  for (const [name, power] of y.powers) powers.set(name, (powers.get(name) ?? 0) + power)
  return normal(x.coefficient * y.coefficient, powers)
}

/** a / b where it is exact, else undefined. */
export function divideAxes(a: Axis, b: Axis): Axis | undefined {
  const [x, y] = [parts(a), parts(b)]
  if (y.coefficient === 0 || x.coefficient % y.coefficient !== 0) return undefined
  const powers = new Map(x.powers)
  for (const [name, power] of y.powers) {
    const left = (powers.get(name) ?? 0) - power
    if (left < 0) return undefined
    powers.set(name, left)
  }
  return normal(x.coefficient / y.coefficient, powers)
}

export const axesEqual = (a: Axis, b: Axis): boolean =>
  a === b || (typeof a !== 'number' && typeof b !== 'number' && a.toString() === b.toString())

export const shapesEqual = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((axis, i) => axesEqual(axis, b[i]!))

/** Product of the axes: the number of elements. */
export const elements = (shape: Shape): Axis => shape.reduce<Axis>(multiplyAxes, 1)

export const shapeText = (shape: Shape): string => `[${shape.map(String).join(', ')}]`

/** The length of an axis under bindings of its symbols. */
export function resolveAxis(axis: Axis, bindings: Bindings): number {
  if (typeof axis === 'number') return axis
  let length = axis.coefficient
  for (const [name, power] of axis.powers) {
    const value = bindings.get(name)
    if (value === undefined) throw failure('UNBOUND_AXIS', `The axis ${axis} has no value: no input declares ${name}.`)
    length *= value ** power
  }
  return length
}

/** Takes the values of symbols from the lengths that a shape turned out to have; lengths that contradict it are not noticed here. */
export function bindShape(shape: Shape, lengths: readonly number[], bindings: Map<string, number>): void {
  for (const [i, axis] of shape.entries()) {
    if (typeof axis === 'number') continue
    const [[name, power] = ['', 0], ...rest] = axis.powers
    if (power === 1 && rest.length === 0) bindings.set(name, lengths[i]! / axis.coefficient)
  }
}

export const resolveShape = (shape: Shape, bindings: Bindings): number[] =>
  shape.map((axis) => resolveAxis(axis, bindings))

/** The shape as numbers; for code that needs every length when the graph is traced (`what` names it in the error). */
export function staticShape(shape: Shape, what: string): number[] {
  return shape.map((axis) => {
    if (typeof axis !== 'number')
      throw failure('SYMBOLIC_AXIS', `${what} needs known lengths, got ${shapeText(shape)}.`)
    return axis
  })
}
