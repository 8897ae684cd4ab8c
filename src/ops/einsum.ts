/** Named axes: `einsum('b h t d, b h s d -> b h t s', q, k)` and `x.rearrange('b t (h d) -> b h t d', { h })`. */
import { failure } from '../base/errors.ts'
import { type Axis, axesEqual, divideAxes, multiplyAxes, shapeText } from '../graph/axis.ts'
import { currentScope } from '../graph/scope.ts'
import type { Tensor } from '../graph/tensor.ts'
import { matmul } from './matmul.ts'

const words = (side: string): string[] => side.trim().split(/\s+/).filter(Boolean)

function problem(pattern: string, message: string): never {
  const scope = currentScope()
  throw failure('SHAPE', `'${pattern}': ${message}${scope ? ` (in ${scope})` : ''}`)
}

/** Left and right of the arrow. */
function sides(pattern: string): [string, string] {
  const [left, right, ...more] = pattern.split('->')
  if (right === undefined || more.length > 0) problem(pattern, "a pattern has two sides, as in 'a b -> b a'")
  return [left!, right]
}

/** The positions of `names` within `from`, as an order for transpose. */
const orderOf = (names: readonly string[], from: readonly string[]): number[] => names.map((name) => from.indexOf(name))

/**
 * Sum of products over named axes (Einstein's convention): letters missing on the right are summed. One or two operands. It becomes
 * transposes, reshapes and one matrix product; an operand is transposed only where no product reads it as it lies.
 * Throws when a name has two lengths, occurs twice in one operand, or is new on the right.
 */
export function einsum(pattern: string, ...operands: readonly Tensor[]): Tensor {
  const [left, right] = sides(pattern)
  const names = left.split(',').map(words)
  const out = words(right)
  if (operands.length < 1 || operands.length > 2 || names.length !== operands.length)
    problem(pattern, `names ${names.length} operands and got ${operands.length}; one or two are possible`)
  for (const name of [...names.flat(), ...out])
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) problem(pattern, `'${name}' is not a name`)
  const lengths = new Map<string, Axis>()
  for (const [i, x] of operands.entries()) {
    const own = names[i]!
    if (own.length !== x.rank)
      problem(pattern, `operand ${i + 1} has ${own.length} names and the shape ${shapeText(x.shape)}`)
    if (new Set(own).size !== own.length) problem(pattern, `operand ${i + 1} repeats a name`)
    for (const [axis, name] of own.entries()) {
      const known = lengths.get(name)
      if (known !== undefined && !axesEqual(known, x.shape[axis]!))
        problem(pattern, `axis ${name} is ${known} and, in operand ${i + 1}, ${x.shape[axis]}`)
      lengths.set(name, x.shape[axis]!)
    }
  }
  for (const name of out) if (!lengths.has(name)) problem(pattern, `${name} is not an axis of any operand`)
  if (new Set(out).size !== out.length) problem(pattern, 'the right side repeats a name')
  const used = (name: string, i: number) => out.includes(name) || names.some((own, j) => j !== i && own.includes(name))
  const terms = operands.map((x, i) => {
    const own = names[i]!
    const lonely = own.flatMap((name, axis) => (used(name, i) ? [] : [axis]))
    return { x: lonely.length ? x.sum(lonely) : x, names: own.filter((name) => used(name, i)) }
  })
  if (terms.length === 1) return terms[0]!.x.transpose(orderOf(out, terms[0]!.names))
  return contract(terms[0]!, terms[1]!, out, lengths)
}

type Term = { x: Tensor; names: string[] }

/** The operand with an axis for every name of `out`, of length 1 where it has none: ready to broadcast. */
function spread({ x, names }: Term, out: readonly string[]): Tensor {
  const own = out.filter((name) => names.includes(name))
  const turned = x.transpose(orderOf(own, names))
  return turned.reshape(out.map((name) => turned.shape[own.indexOf(name)] ?? 1))
}

function contract(a: Term, b: Term, out: readonly string[], lengths: ReadonlyMap<string, Axis>): Tensor {
  const batch = out.filter((name) => a.names.includes(name) && b.names.includes(name))
  const onlyA = out.filter((name) => a.names.includes(name) && !b.names.includes(name))
  const onlyB = out.filter((name) => b.names.includes(name) && !a.names.includes(name))
  // [batch, n, m] comes from the swapped product without a transpose.
  const first = out.find((name) => !batch.includes(name))
  if (first !== undefined && onlyB.includes(first) && onlyA.length > 0) return contract(b, a, out, lengths)
  const inner = a.names.filter((name) => b.names.includes(name) && !out.includes(name))
  if (inner.length === 0) return spread(a, out).mul(spread(b, out))
  const length = (group: readonly string[]) => group.map((name) => lengths.get(name)!).reduce<Axis>(multiplyAxes, 1)

  /** The operand as [batch…, rows, columns]: as it lies if it can be read so (transposed or not), else transposed. */
  const matrix = (term: Term, rows: string[], columns: string[]) => {
    const lies = term.names.join(' ')
    const straight = [...batch, ...rows, ...columns]
    const turned = [...batch, ...columns, ...rows]
    const swap = lies !== straight.join(' ') && lies === turned.join(' ')
    const x = swap ? term.x : term.x.transpose(orderOf(straight, term.names))
    const [r, c] = swap ? [columns, rows] : [rows, columns]
    return { x: x.reshape([...batch.map((name) => lengths.get(name)!), length(r), length(c)]), swap }
  }
  const A = matrix(a, onlyA, inner)
  const B = matrix(b, inner, onlyB)
  const y = matmul(A.x, B.x, { transA: A.swap, transB: B.swap })
  const names = [...batch, ...onlyA, ...onlyB]
  return y.reshape(names.map((name) => lengths.get(name)!)).transpose(orderOf(out, names))
}

/** A side of a rearrange pattern: groups of names; `1` is an axis of length one. */
function groups(side: string, pattern: string): string[][] {
  const found: string[][] = []
  for (const [token] of side.matchAll(/\([^()]*\)|[^\s()]+|[()]/g)) {
    if (token === '(' || token === ')') problem(pattern, 'unbalanced parentheses')
    found.push(words(token.replace(/[()]/g, ' ')).filter((name) => name !== '1'))
  }
  return found
}

/**
 * Axes regrouped and reordered by name (Rogozhnikov 2022, "Einops"): `(h d)` is an axis made of two, `1` an axis of length one.
 * Of each group at most one length may be left out of `sizes`.
 */
export function rearrange(x: Tensor, pattern: string, sizes: Readonly<Record<string, Axis>> = {}): Tensor {
  const [left, right] = sides(pattern)
  const [from, to] = [groups(left, pattern), groups(right, pattern)]
  if (from.length !== x.rank) problem(pattern, `names ${from.length} axes, the shape is ${shapeText(x.shape)}`)
  const unknown = Object.keys(sizes).find((name) => !from.flat().includes(name))
  if (unknown !== undefined) problem(pattern, `${unknown} is not an axis of the left side`)
  const lengths = new Map<string, Axis>(Object.entries(sizes))
  for (const [axis, group] of from.entries()) {
    const open = group.filter((name) => !lengths.has(name))
    const known = group
      .filter((name) => lengths.has(name))
      .reduce<Axis>((n, name) => multiplyAxes(n, lengths.get(name)!), 1)
    if (open.length > 1) problem(pattern, `give the length of ${open.slice(1).join(', ')}`)
    const rest = divideAxes(x.shape[axis]!, known)
    if (rest === undefined || (open.length === 0 && !axesEqual(rest, 1)))
      problem(pattern, `(${group.join(' ')}) does not divide axis ${axis} of ${shapeText(x.shape)} by ${known}`)
    if (open.length === 1) lengths.set(open[0]!, rest)
  }
  const [before, after] = [from.flat(), to.flat()]
  if (new Set(before).size !== before.length || [...before].sort().join() !== [...after].sort().join())
    problem(pattern, 'both sides must have the same names, each once')
  // Axes of length one need not be moved.
  const moved = (names: readonly string[]) => names.filter((name) => lengths.get(name) !== 1)
  const [source, target] = [moved(before), moved(after)]
  return x
    .reshape(source.map((name) => lengths.get(name)!))
    .transpose(orderOf(target, source))
    .reshape(to.map((group) => group.reduce<Axis>((n, name) => multiplyAxes(n, lengths.get(name)!), 1)))
}
