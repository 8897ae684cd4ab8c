/**
 * Dropout masks drawn from Philox 4×32-10, in AssemblyScript (compiled by `npm run build:kernel`, not by tsc): the numbers of
 * base/random.ts, eight blocks side by side.
 */

const M0: u32 = 0xd2511f53
const M1: u32 = 0xcd9e8d57
const W0: u32 = 0x9e3779b9
const W1: u32 = 0xbb67ae85

/** The upper halves of the 64-bit products of the lanes. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function upper(x: v128, factor: v128): v128 {
  const low = i64x2.extmul_low_i32x4_u(x, factor)
  const high = i64x2.extmul_high_i32x4_u(x, factor)
  return v128.shuffle<i32>(low, high, 1, 3, 5, 7)
}

/** The lower halves. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function lower(x: v128, factor: v128): v128 {
  return i32x4.mul(x, factor)
}

/** Lanes of random words → 0 below the threshold, else the value. x ≥ t is max(x, t) = x, for which machines have instructions. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function keep(words: v128, thresholds: v128, values: v128): v128 {
  return v128.and(i32x4.eq(i32x4.max_u(words, thresholds), words), values)
}

/** Stores four vectors whose lanes are blocks so that the four words of a block come together. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function storeTransposed(out: usize, a: v128, b: v128, c: v128, d: v128): void {
  const lowAB = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
  const lowCD = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
  const highAB = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
  const highCD = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
  v128.store(out, v128.shuffle<i64>(lowAB, lowCD, 0, 2), 0)
  v128.store(out, v128.shuffle<i64>(lowAB, lowCD, 1, 3), 16)
  v128.store(out, v128.shuffle<i64>(highAB, highCD, 0, 2), 32)
  v128.store(out, v128.shuffle<i64>(highAB, highCD, 1, 3), 48)
}

/**
 * Writes `count` floats from `out` on: 0 where the random word is below `threshold`, else `kept`. `count` is a multiple of 32, which
 * eight blocks of the counter (block, high, step, site) make; block is the number of the first one.
 */
export function fillMask(
  out: usize,
  count: usize,
  key0: u32,
  key1: u32,
  block: u32,
  high: u32,
  step: u32,
  site: u32,
  threshold: u32,
  kept: f32,
): void {
  const factor0 = i32x4.splat(M0)
  const factor1 = i32x4.splat(M1)
  const bump0 = i32x4.splat(W0)
  const bump1 = i32x4.splat(W1)
  const thresholds = i32x4.splat(threshold)
  const values = f32x4.splat(kept)
  let counter = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3))
  const end = out + (count << 2)
  for (; out !== end; out += 128) {
    // Two groups of four blocks in turn: one alone would wait for its own products.
    let a0 = counter
    let b0 = i32x4.add(counter, i32x4.splat(4))
    counter = i32x4.add(counter, i32x4.splat(8))
    let a1 = i32x4.splat(high)
    let b1 = a1
    let a2 = i32x4.splat(step)
    let b2 = a2
    let a3 = i32x4.splat(site)
    let b3 = a3
    let k0 = i32x4.splat(key0)
    let k1 = i32x4.splat(key1)
    for (let round = 0; round < 10; round++) {
      const a = v128.xor(v128.xor(upper(a2, factor1), a1), k0)
      const b = v128.xor(v128.xor(upper(b2, factor1), b1), k0)
      const c = v128.xor(v128.xor(upper(a0, factor0), a3), k1)
      const d = v128.xor(v128.xor(upper(b0, factor0), b3), k1)
      a1 = lower(a2, factor1)
      b1 = lower(b2, factor1)
      a3 = lower(a0, factor0)
      b3 = lower(b0, factor0)
      a0 = a
      b0 = b
      a2 = c
      b2 = d
      k0 = i32x4.add(k0, bump0)
      k1 = i32x4.add(k1, bump1)
    }
    storeTransposed(
      out,
      keep(a0, thresholds, values),
      keep(a1, thresholds, values),
      keep(a2, thresholds, values),
      keep(a3, thresholds, values),
    )
    storeTransposed(
      out + 64,
      keep(b0, thresholds, values),
      keep(b1, thresholds, values),
      keep(b2, thresholds, values),
      keep(b3, thresholds, values),
    )
  }
}
