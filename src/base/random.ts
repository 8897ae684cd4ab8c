/**
 * Counter-based random numbers: every value is a pure function of (seed, purpose, step, site, index), so a resumed run draws
 * what an uninterrupted one would have drawn, and nothing else that draws numbers can disturb it.
 * Philox 4×32, 10 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", §3.3).
 */

/** What a stream of numbers is for; streams of different purposes never overlap. */
export const purposes = {
  weights: 1,
  dropout: 2,
  shuffle: 3,
  masking: 4,
  sampling: 5,
  data: 6,
  test: 7,
  subwords: 8,
} as const
export type Purpose = keyof typeof purposes

/** Where in a run a number is drawn: `step` counts up to 2³² − 1, `site` names the place (a layer, a row). */
export type Place = { seed: number; purpose: Purpose; step?: number; site?: number }

const M0 = 0xd2511f53
const M1 = 0xcd9e8d57
const W0 = 0x9e3779b9
const W1 = 0xbb67ae85

/** The high 32 bits of the 64-bit product of two 32-bit unsigned numbers. */
function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const low = a0 * b0
  const middle = a1 * b0 + (low >>> 16)
  const carry = a0 * b1 + (middle & 0xffff)
  return (a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0
}

/** One Philox block: a counter of four words and a key of two → four words, written to `out` at `offset`. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  out: Uint32Array,
  offset = 0,
): void {
  let [c0, c1, c2, c3] = counter
  let [k0, k1] = key
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(M0, c0)
    const low0 = Math.imul(M0, c0)
    const high1 = mulHigh(M1, c2)
    const low1 = Math.imul(M1, c2)
    c0 = (high1 ^ c1 ^ k0) >>> 0
    c1 = low1 >>> 0
    c2 = (high0 ^ c3 ^ k1) >>> 0
    c3 = low0 >>> 0
    k0 = (k0 + W0) >>> 0
    k1 = (k1 + W1) >>> 0
  }
  out[offset] = c0
  out[offset + 1] = c1
  out[offset + 2] = c2
  out[offset + 3] = c3
}

/** A 32-bit number for a name, for use as a `site` (FNV-1a over UTF-16 code units). */
export function siteOf(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** `count` 32-bit unsigned numbers of a place, from number `start` on. */
export function randomBits(place: Place, count: number, start = 0): Uint32Array {
  const key: [number, number] = [place.seed >>> 0, Math.floor(place.seed / 2 ** 32) >>> 0]
  const first = Math.floor(start / 4)
  const blocks = Math.ceil((start + count) / 4) - first
  const words = new Uint32Array(blocks * 4)
  const site = place.site ?? 0
  const purpose = purposes[place.purpose]
  for (let b = 0; b < blocks; b++) {
    const block = first + b
    const high = (Math.floor(block / 2 ** 32) | (purpose << 16)) >>> 0
    philox([block >>> 0, high, place.step ?? 0, site], key, words, b * 4)
  }
  return words.subarray(start - first * 4, start - first * 4 + count)
}

/** `count` float64 numbers uniform in [0, 1), multiples of 2⁻³². */
export function randomUniform(place: Place, count: number, start = 0): Float64Array {
  return Float64Array.from(randomBits(place, count, start), (word) => word / 2 ** 32)
}

/** `count` normal numbers, mean 0 and standard deviation 1 (Box and Muller 1958). Number i depends on i alone. */
export function randomNormal(place: Place, count: number): Float64Array {
  const words = randomBits(place, 2 * count)
  const out = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const radius = Math.sqrt(-2 * Math.log((words[2 * i]! + 0.5) / 2 ** 32))
    out[i] = radius * Math.cos((2 * Math.PI * words[2 * i + 1]!) / 2 ** 32)
  }
  return out
}

/** A stateful convenience over one place: the numbers in order. For code that draws a varying number of values (generators, tests). */
export class RandomStream {
  #place: Place
  #words: Uint32Array = new Uint32Array(0)
  #next = 0
  #drawn = 0
  constructor(place: Place) {
    this.#place = place
  }
  /** A 32-bit unsigned number. */
  bits(): number {
    if (this.#next === this.#words.length) {
      this.#words = randomBits(this.#place, 256, this.#drawn)
      this.#drawn += 256
      this.#next = 0
    }
    return this.#words[this.#next++]!
  }
  /** Uniform in [0, 1). */
  uniform(): number {
    return this.bits() / 2 ** 32
  }
  /** An integer in [0, n), n ≤ 2³². */
  integer(n: number): number {
    return Math.floor(this.uniform() * n)
  }
  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)]!
  }
}
