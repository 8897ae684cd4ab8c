/** Dropout masks: where they lie, and how a step fills them. */
import { giveWay } from '../../base/event-loop.ts'
import { purposes } from '../../base/random.ts'
import { type NdArray, sizeOf } from '../../tensor/array.ts'
import { loadModule } from '../kernels.ts'
import { createArena, viewOf } from '../optimizers/arena.ts'
import { ownMemoryKernel } from './kernel.generated.ts'

/** A dropout of a network: the shape of what it multiplies and the probability of 0. */
export type MaskSpec = { readonly shape: readonly number[]; readonly rate: number }

/** What assembly/kernel.ts exports. */
type Kernel = {
  fillMask(
    ...args: [
      ...[out: number, count: number],
      ...[key0: number, key1: number, block: number, high: number, step: number, site: number],
      ...[threshold: number, kept: number],
    ]
  ): void
}

export type Masks = {
  /** The masks of one part of a batch, in the order of the specs. They keep their place. */
  readonly arrays: readonly (readonly NdArray[])[]
  /** Draws every mask anew: numbers of (seed, step, micro-batch, part, mask) alone. The event loop gets its turn meanwhile. */
  fill(step: number, micro: number): Promise<void>
}

/** The kernel has no tail: every mask is followed by room up to a multiple of 32 floats. */
const roomFor = ({ shape }: MaskSpec) => Math.ceil(sizeOf(shape) / 32) * 32

/** Floats drawn without looking up: 2–4 ms. */
const sliceLength = 2 ** 21
/** Sites of a micro-batch; there are fewer masks than that. */
const sitesPerMicro = 2 ** 16

/**
 * Masks for `parts` parts of a batch: 0 with probability `rate`, else 1/(1 − rate), so that means are preserved (Srivastava et al.
 * 2014, §10, inverted). They lie in WebAssembly memory, where the kernel writes them and programs read them.
 */
export function createMasks(specs: readonly MaskSpec[], parts: number, seed: number): Masks {
  const slot = (part: number) => `part${part}`
  const numbers = Array.from({ length: parts }, (_, part) => part)
  const arena = createArena(
    specs.map((spec, i) => ({
      name: `Dropout mask ${i}`,
      slots: Object.fromEntries(numbers.map((part) => [slot(part), roomFor(spec)])),
    })),
  )
  const kernels = arena.memories.map((memory) => loadModule<Kernel>(ownMemoryKernel, memory))
  const places = specs.flatMap(({ rate }, i) => {
    const regions = arena.regions.get(`Dropout mask ${i}`)!
    return numbers.map((part) => {
      const { memory, offset, length } = regions[slot(part)]!
      return { fill: kernels[memory]!.fillMask, offset, length, rate, site: i * parts + part }
    })
  })
  const [key0, key1] = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)]

  return {
    arrays: numbers.map((part) =>
      specs.map(({ shape }, i) => {
        const data = viewOf(arena, `Dropout mask ${i}`, slot(part)).subarray(0, sizeOf(shape))
        return { dtype: 'float32', shape, data }
      }),
    ),
    async fill(step, micro) {
      let since = 0
      for (const { fill, offset, length, rate, site } of places) {
        // A word is an integer: it is below the threshold exactly if it is below the next whole number.
        const threshold = Math.min(Math.ceil(rate * 2 ** 32), 2 ** 32 - 1)
        for (let start = 0; start < length; start += sliceLength) {
          const count = Math.min(sliceLength, length - start)
          const place = [start / 4, purposes.dropout << 16, step, site + micro * sitesPerMicro] as const
          fill(offset + 4 * start, count, key0, key1, ...place, threshold, 1 / (1 - rate))
          since += count
          if (since < sliceLength) continue
          since = 0
          await giveWay()
        }
      }
    },
  }
}
