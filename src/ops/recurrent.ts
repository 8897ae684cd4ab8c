/**
 * Recurrent layers over time: rnn, gru and lstm as scans, each with a derivative of its own. What does not depend on the state before
 * stays outside of the scans: the products with the inputs, the gates' derivatives, the sums over time.
 */
//   t steps · b batch · h width of the state · g·h widths of all gates
import { type Axis, axesEqual, shapeText, staticShape } from '../graph/axis.ts'
import { apply, shapeProblem, type Tensor } from '../graph/tensor.ts'
import { defineOp, expectDtype, floats } from './define.ts'
import { scan } from './scan.ts'
import { concat, full } from './shape.ts'

/** Throws unless xs is [t, b, gates·h], the weight [gates·h, h], each state [b, h] and the bias, where there is one, [gates·h]. */
function expectShapes(gates: number, xs: Tensor, weight: Tensor, states: readonly Tensor[], bias?: Tensor): void {
  for (const x of [xs, weight, ...states]) expectDtype(x, ...floats)
  const h = weight.shape[1]
  if (xs.rank !== 3 || weight.rank !== 2 || typeof h !== 'number' || weight.shape[0] !== gates * h)
    shapeProblem(`expected steps [t, b, ${gates}·h] and a weight [${gates}·h, h], got ${shapeText(weight.shape)}`)
  if (xs.shape[2] !== weight.shape[0])
    shapeProblem(`axis 2 of the steps has ${xs.shape[2]} elements, axis 0 of the weight ${weight.shape[0]}`)
  for (const { shape } of states)
    if (shape.length !== 2 || !axesEqual(shape[0]!, xs.shape[1]!) || shape[1] !== h)
      shapeProblem(`a state has the shape ${shapeText(shape)}, expected ${shapeText([xs.shape[1] as Axis, h as Axis])}`)
  if (bias && (bias.rank !== 1 || bias.shape[0] !== weight.shape[0]))
    shapeProblem(`the bias has the shape ${shapeText(bias.shape)}, expected ${shapeText([weight.shape[0] as Axis])}`)
}

/** The state before each step, [t, b, h]: the first one, then all but the last. */
function before(first: Tensor, states: Tensor): Tensor {
  const [steps] = staticShape([states.shape[0]!], 'the derivative of a recurrence') as [number]
  return steps === 1 ? first.unsqueeze(0) : concat([first.unsqueeze(0), states.slice(0, 0, steps - 1)], 0)
}

const zerosLike = (x: Tensor): Tensor => full(x.shape, 0, x.dtype)
const width = (x: Tensor): number => x.shape.at(-1) as number
/** σ′ and tanh′ by the function's value. */
const sigmoidSlope = (y: Tensor): Tensor => y.sub(y.mul(y))
const tanhSlope = (y: Tensor): Tensor => y.mul(y).neg().add(1)
/** Σ over steps and batch of dzᵀ·h, the derivative of the recurrent weight: [t, b, g·h] and [t, b, h] → [g·h, h]. */
const weightGradient = (dz: Tensor, states: Tensor): Tensor =>
  dz.reshape([-1, width(dz)]).matmul(states.reshape([-1, width(states)]), { transA: true })

/** h′ = f(x + h·Wᵀ), f tanh or relu (Elman 1990). Inputs: xs [t, b, h], W [h, h], h₀ [b, h]. Outputs: every h, the last h. */
export const rnnOp = defineOp<{ activation: 'tanh' | 'relu' }>({
  name: 'rnn',
  body: ([xs, weight, first], { activation }) => {
    expectShapes(1, xs!, weight!, [first!])
    const { carry, ys } = scan([first!], [xs!], [weight!], ([h], [x], [w]) => {
      const next = x!.add(h!.matmul(w!, { transB: true }))[activation]()
      return { carry: [next], ys: [next] }
    })
    return [ys[0]!, carry[0]!]
  },
  vjp: ([dStates, dLast], [xs, weight, first], [states], { activation }) => {
    const slope = activation === 'tanh' ? tanhSlope(states!) : states!.greater(0).cast(states!.dtype)
    const start = dLast ?? zerosLike(first!)
    const { carry, ys } = scan(
      [start],
      [dStates ?? zerosLike(xs!), slope],
      [weight!],
      ([d], [dh, s], [w]) => {
        const dz = dh!.add(d!).mul(s!)
        return { carry: [dz.matmul(w!)], ys: [dz] }
      },
      { reverse: true },
    )
    return [ys[0], weightGradient(ys[0]!, before(first!, states!)), carry[0]]
  },
})

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000). z = x + h·Wᵀ holds the gates i, f, g, o in
 * PyTorch's order: c′ = σ(f)·c + σ(i)·tanh(g), h′ = σ(o)·tanh(c′).
 * Inputs: xs [t, b, 4h], W [4h, h], h₀ and c₀ [b, h]. Outputs: every h, the last h, the last c, and for the derivative every c and z.
 */
export const lstmOp = defineOp({
  name: 'lstm',
  body: ([xs, weight, h0, c0]) => {
    expectShapes(4, xs!, weight!, [h0!, c0!])
    const n = width(weight!)
    const { carry, ys } = scan([h0!, c0!], [xs!], [weight!], ([h, c], [x], [w]) => {
      const z = x!.add(h!.matmul(w!, { transB: true }))
      const [i, f, g, o] = z.split(-1, [n, n, n, n]) as [Tensor, Tensor, Tensor, Tensor]
      const cell = f.sigmoid().mul(c!).add(i.sigmoid().mul(g.tanh()))
      const next = o.sigmoid().mul(cell.tanh())
      return { carry: [next, cell], ys: [next, cell, z] }
    })
    return [ys[0]!, carry[0]!, carry[1]!, ys[1]!, ys[2]!]
  },
  // dc = dc′ + dh·o·tanh′(c); then dz = [dc, dc, dc, dh] times factors that are known for every step beforehand.
  vjp: ([dStates, dLast, dCell], [, weight, h0, c0], [states, , , cells, zs]) => {
    const n = width(weight!)
    const [zi, zf, zg, zo] = zs!.split(-1, [n, n, n, n]) as [Tensor, Tensor, Tensor, Tensor]
    const [i, f, g, o] = [zi.sigmoid(), zf.sigmoid(), zg.tanh(), zo.sigmoid()]
    const bent = cells!.tanh()
    const factors = concat(
      [
        g.mul(sigmoidSlope(i)),
        before(c0!, cells!).mul(sigmoidSlope(f)),
        i.mul(tanhSlope(g)),
        bent.mul(sigmoidSlope(o)),
      ],
      -1,
    )
    const { carry, ys } = scan(
      [dLast ?? zerosLike(h0!), dCell ?? zerosLike(c0!)],
      [dStates ?? zerosLike(states!), o.mul(tanhSlope(bent)), f, factors],
      [weight!],
      ([d, dc], [dh, slope, forget, factor], [w]) => {
        const dState = dh!.add(d!)
        const dc1 = dc!.add(dState.mul(slope!))
        const dz = concat([dc1, dc1, dc1, dState], -1).mul(factor!)
        return { carry: [dz.matmul(w!), dc1.mul(forget!)], ys: [dz] }
      },
      { reverse: true },
    )
    return [ys[0], weightGradient(ys[0]!, before(h0!, states!)), ...carry]
  },
})

/**
 * Gated recurrent unit (Cho et al. 2014) with PyTorch's gates r, z, n: with u = h·Wᵀ + b, n = tanh(xₙ + σ(xᵣ + uᵣ)·uₙ) and
 * h′ = (1 − σ(x_z + u_z))·n + σ(x_z + u_z)·h.
 * Inputs: xs [t, b, 3h], W [3h, h], h₀ [b, h], b [3h]. Outputs: every h, the last h, and for the derivative every u.
 */
export const gruOp = defineOp({
  name: 'gru',
  body: ([xs, weight, first, bias]) => {
    expectShapes(3, xs!, weight!, [first!], bias!)
    const n = width(weight!)
    const { carry, ys } = scan([first!], [xs!], [weight!, bias!], ([h], [x], [w, b]) => {
      const u = h!.matmul(w!, { transB: true }).add(b!)
      const [xrz, xn] = x!.split(-1, [2 * n, n]) as [Tensor, Tensor]
      const [urz, un] = u.split(-1, [2 * n, n]) as [Tensor, Tensor]
      const [r, z] = xrz.add(urz).sigmoid().split(-1, [n, n]) as [Tensor, Tensor]
      const candidate = xn.add(r.mul(un)).tanh()
      const next = candidate.add(z.mul(h!.sub(candidate)))
      return { carry: [next], ys: [next, u] }
    })
    return [ys[0]!, carry[0]!, ys[1]!]
  },
  // du = dh·[n′·uₙ·r′, (h − n)·z′, n′·r] with n′ = (1 − z)·tanh′(n): every factor is known beforehand.
  vjp: ([dStates, dLast], [xs, weight, first], [states, , us]) => {
    const n = width(weight!)
    const [xr, xz, xn] = xs!.split(-1, [n, n, n]) as [Tensor, Tensor, Tensor]
    const [ur, uz, un] = us!.split(-1, [n, n, n]) as [Tensor, Tensor, Tensor]
    const [r, z] = [xr.add(ur).sigmoid(), xz.add(uz).sigmoid()]
    const candidate = xn.add(r.mul(un)).tanh()
    const previous = before(first!, states!)
    const dn = z.neg().add(1).mul(tanhSlope(candidate))
    const dr = dn.mul(un).mul(sigmoidSlope(r))
    const dz = previous.sub(candidate).mul(sigmoidSlope(z))
    const factors = concat([dr, dz, dn.mul(r)], -1)
    const { carry, ys } = scan(
      [dLast ?? zerosLike(first!)],
      [dStates ?? zerosLike(states!), z, factors],
      [weight!],
      ([d], [dh, keep, factor], [w]) => {
        const dState = dh!.add(d!)
        const du = concat([dState, dState, dState], -1).mul(factor!)
        return { carry: [dState.mul(keep!).add(du.matmul(w!))], ys: [dState, du] }
      },
      { reverse: true },
    )
    const [dState, du] = ys as [Tensor, Tensor]
    const dxs = concat([du.slice(-1, 0, 2 * n), dState.mul(dn)], -1)
    return [dxs, weightGradient(du, previous), carry[0], du.sum([0, 1])]
  },
})

/** What a recurrence gives: the state after every step [t, b, h], and the last one [b, h]. */
export type Recurrence = { readonly states: Tensor; readonly last: Tensor }

/** h′ = f(x + h·Wᵀ). `xs` [t, b, h] is what the inputs add to each step; `first` [b, h]. */
export function rnn(xs: Tensor, weight: Tensor, first: Tensor, activation: 'tanh' | 'relu' = 'tanh'): Recurrence {
  const [states, last] = apply(rnnOp, [xs, weight, first], { activation })
  return { states: states!, last: last! }
}

/** Gates in the order r, z, n; `xs` [t, b, 3h] is what the inputs add to them, `bias` [3h] belongs to the recurrent product. */
export function gru(xs: Tensor, weight: Tensor, first: Tensor, bias: Tensor): Recurrence {
  const [states, last] = apply(gruOp, [xs, weight, first, bias])
  return { states: states!, last: last! }
}

/** Gates in the order i, f, g, o; `xs` [t, b, 4h] is what the inputs add to them. Also the last cell [b, h]. */
export function lstm(
  xs: Tensor,
  weight: Tensor,
  first: Tensor,
  firstCell: Tensor,
): Recurrence & { readonly cell: Tensor } {
  const [states, last, cell] = apply(lstmOp, [xs, weight, first, firstCell])
  return { states: states!, last: last!, cell: cell! }
}
