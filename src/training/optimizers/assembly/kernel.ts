/**
 * The optimizers' arithmetic, in AssemblyScript (compiled by `npm run build:kernel`, not by tsc).
 *
 * A pointer is a byte offset into the imported memory, unsigned, so that all 4 GiB can be reached. `count` is in floats and a
 * multiple of 16: arenas pad every slot with zeros, which every kernel here maps to zeros. Rows of a matrix are not padded.
 * Products and sums are rounded one by one, in a fixed order (no fused multiply-add), so results do not depend on the machine.
 */

/** Adds the squares of four floats to two sums in float64, where a square of a float is exact. */
function addSquares(sums: v128, x: v128): v128 {
  const low = f64x2.promote_low_f32x4(x)
  const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 0, 1))
  return f64x2.add(sums, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)))
}

function total(sums: v128): f64 {
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)
}

/** Σ x² */
export function sumOfSquares(x: usize, count: usize): f64 {
  let a = f64x2.splat(0)
  let b = f64x2.splat(0)
  let c = f64x2.splat(0)
  let d = f64x2.splat(0)
  const end = x + (count << 2)
  for (; x !== end; x += 64) {
    a = addSquares(a, v128.load(x, 0))
    b = addSquares(b, v128.load(x, 16))
    c = addSquares(c, v128.load(x, 32))
    d = addSquares(d, v128.load(x, 48))
  }
  return total(f64x2.add(f64x2.add(a, b), f64x2.add(c, d)))
}

// Below, one pointer runs and the others are distances from it: the loop is half of the time when data lies in the cache.

/** x ← x + y */
export function add(x: usize, y: usize, count: usize): void {
  const end = x + (count << 2)
  y -= x
  for (; x !== end; x += 16) v128.store(x, f32x4.add(v128.load(x), v128.load(x + y)))
}

/** x ← x + y, and Σ x² of the result, in one pass over memory. */
export function addAndSumSquares(x: usize, y: usize, count: usize): f64 {
  let a = f64x2.splat(0)
  let b = f64x2.splat(0)
  const end = x + (count << 2)
  y -= x
  for (; x !== end; x += 32) {
    const low = f32x4.add(v128.load(x, 0), v128.load(x + y, 0))
    const high = f32x4.add(v128.load(x, 16), v128.load(x + y, 16))
    v128.store(x, low, 0)
    v128.store(x, high, 16)
    a = addSquares(a, low)
    b = addSquares(b, high)
  }
  return total(f64x2.add(a, b))
}

/** g ← scale·g + l2·p: an L2 penalty that passes through the moments, unlike AdamW's decay. */
export function penalize(g: usize, p: usize, count: usize, scale: f32, l2: f32): void {
  const scales = f32x4.splat(scale)
  const l2s = f32x4.splat(l2)
  const end = g + (count << 2)
  p -= g
  for (; g !== end; g += 16) v128.store(g, f32x4.add(f32x4.mul(v128.load(g), scales), f32x4.mul(v128.load(g + p), l2s)))
}

/**
 * One step of Adam or AdamW, over parameters p, gradients g and moments m, v:
 *   m ← beta1·m + share·g;  v ← beta2·v + (root·g)²;  p ← shrink·p − step·m / (√v + epsilon)
 * The gradient's scale is in `share` and `root`, the bias corrections are in `step` and `epsilon`.
 */
export function adam(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  count: usize,
  beta1: f32,
  share: f32,
  beta2: f32,
  root: f32,
  shrink: f32,
  epsilon: f32,
  step: f32,
): void {
  const beta1s = f32x4.splat(beta1)
  const shares = f32x4.splat(share)
  const beta2s = f32x4.splat(beta2)
  const roots = f32x4.splat(root)
  const shrinks = f32x4.splat(shrink)
  const epsilons = f32x4.splat(epsilon)
  const steps = f32x4.splat(step)
  const end = p + (count << 2)
  g -= p
  m -= p
  v -= p
  for (; p !== end; p += 16) {
    const gradient = v128.load(p + g)
    const first = f32x4.add(f32x4.mul(v128.load(p + m), beta1s), f32x4.mul(gradient, shares))
    const rooted = f32x4.mul(gradient, roots)
    const second = f32x4.add(f32x4.mul(v128.load(p + v), beta2s), f32x4.mul(rooted, rooted))
    v128.store(p + m, first)
    v128.store(p + v, second)
    const change = f32x4.div(f32x4.mul(first, steps), f32x4.add(f32x4.sqrt(second), epsilons))
    v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), shrinks), change))
  }
}

/**
 * One step of gradient descent with momentum, over parameters p, gradients g and the running sum b:
 *   b ← momentum·b + share·g;  p ← p − direct·g − through·b
 */
export function sgd(
  p: usize,
  g: usize,
  b: usize,
  count: usize,
  momentum: f32,
  share: f32,
  direct: f32,
  through: f32,
): void {
  const momenta = f32x4.splat(momentum)
  const shares = f32x4.splat(share)
  const directs = f32x4.splat(direct)
  const throughs = f32x4.splat(through)
  const end = p + (count << 2)
  g -= p
  b -= p
  for (; p !== end; p += 16) {
    const gradient = v128.load(p + g)
    const sum = f32x4.add(f32x4.mul(v128.load(p + b), momenta), f32x4.mul(gradient, shares))
    v128.store(p + b, sum)
    const change = f32x4.add(f32x4.mul(gradient, directs), f32x4.mul(sum, throughs))
    v128.store(p, f32x4.sub(v128.load(p), change))
  }
}

/** Sums of the squares of a matrix [rows, columns] by row and by column, both written in float64. */
export function marginalSquares(g: usize, rows: usize, columns: usize, rowSums: usize, columnSums: usize): void {
  memory.fill(columnSums, 0, columns << 3)
  const whole = columns & ~3
  for (let i: usize = 0; i < rows; i++) {
    let sums = f64x2.splat(0)
    let sum = columnSums
    for (let j: usize = 0; j < whole; j += 4) {
      const x = v128.load(g)
      const low = f64x2.promote_low_f32x4(x)
      const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 0, 1))
      const lowSquares = f64x2.mul(low, low)
      const highSquares = f64x2.mul(high, high)
      v128.store(sum, f64x2.add(v128.load(sum, 0), lowSquares), 0)
      v128.store(sum, f64x2.add(v128.load(sum, 16), highSquares), 16)
      sums = f64x2.add(sums, f64x2.add(lowSquares, highSquares))
      g += 16
      sum += 32
    }
    let rest: f64 = 0
    for (let j = whole; j < columns; j++) {
      const x = <f64>load<f32>(g)
      store<f64>(sum, load<f64>(sum) + x * x)
      rest += x * x
      g += 4
      sum += 8
    }
    store<f64>(rowSums, total(sums) + rest)
    rowSums += 8
  }
}

/** Σ (g·min(aᵢ·bⱼ, ceiling))² of a matrix [rows, columns]; a and b are one float for each row and each column. */
export function scaledSquares(g: usize, rows: usize, columns: usize, a: usize, b: usize, ceiling: f32): f64 {
  const ceilings = f32x4.splat(ceiling)
  const whole = columns & ~3
  let sums = f64x2.splat(0)
  let rest: f64 = 0
  for (let i: usize = 0; i < rows; i++) {
    const row = load<f32>(a)
    const rowFactors = f32x4.splat(row)
    let column = b
    for (let j: usize = 0; j < whole; j += 4) {
      const factors = f32x4.min(f32x4.mul(rowFactors, v128.load(column)), ceilings)
      sums = addSquares(sums, f32x4.mul(v128.load(g), factors))
      g += 16
      column += 16
    }
    for (let j = whole; j < columns; j++) {
      const x = <f64>(load<f32>(g) * min<f32>(row * load<f32>(column), ceiling))
      rest += x * x
      g += 4
      column += 4
    }
    a += 4
  }
  return total(sums) + rest
}

/** p ← shrink·p − rate·g·min(aᵢ·bⱼ, ceiling), with the factors of `scaledSquares`. */
export function scaledStep(
  p: usize,
  g: usize,
  rows: usize,
  columns: usize,
  a: usize,
  b: usize,
  ceiling: f32,
  shrink: f32,
  rate: f32,
): void {
  const ceilings = f32x4.splat(ceiling)
  const shrinks = f32x4.splat(shrink)
  const rates = f32x4.splat(rate)
  const whole = columns & ~3
  for (let i: usize = 0; i < rows; i++) {
    const row = load<f32>(a)
    const rowFactors = f32x4.splat(row)
    let column = b
    for (let j: usize = 0; j < whole; j += 4) {
      const factors = f32x4.min(f32x4.mul(rowFactors, v128.load(column)), ceilings)
      const change = f32x4.mul(f32x4.mul(v128.load(g), factors), rates)
      v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), shrinks), change))
      p += 16
      g += 16
      column += 16
    }
    for (let j = whole; j < columns; j++) {
      const change = load<f32>(g) * min<f32>(row * load<f32>(column), ceiling) * rate
      store<f32>(p, load<f32>(p) * shrink - change)
      p += 4
      g += 4
      column += 4
    }
    a += 4
  }
}
