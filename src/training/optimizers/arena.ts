/** Arenas: parameters, gradients and optimizer state side by side in WebAssembly memory, visible as Float32Array views. */
import { failure } from '../../base/errors.ts'
import { addressLimit } from '../../base/memory.ts'

/** What belongs to one parameter: the length in floats of each of its slots (`parameter`, `gradient0`, `exp_avg`, …). */
export type ArenaItem = { name: string; slots: Readonly<Record<string, number>> }

/** Where a slot lies: the number of its memory, its byte offset there, and its length in floats. */
export type Region = { memory: number; offset: number; length: number }

/**
 * Memories of fixed size and the regions in them. Everything is plain data: posted to a worker, an arena of shared memories
 * gives the worker views of the same numbers.
 */
export type Arena = {
  readonly memories: readonly WebAssembly.Memory[]
  readonly regions: ReadonlyMap<string, Readonly<Record<string, Region>>>
}

export type ArenaOptions = {
  /** Memory that worker threads can share. A page needs cross-origin isolation for it. */
  shared?: boolean
  /** Most bytes in one memory. */
  limit?: number
}

const page = 65_536
/** One page less than WebAssembly's 4 GiB, so that the end of the last slot is still a 32-bit offset. */
const largest = 65_535 * page
const line = 64
const float = 4
/** Slots start on a cache line and are filled up with zeros to whole lines. */
const padded = (length: number) => Math.ceil((length * float) / line) * line

/** Floats of a slot with its padding: what a kernel without a tail runs over. */
export const paddedLength = (length: number): number => padded(length) / float

/**
 * Lays the items out in their order, all slots of an item in one memory, and allocates. The contents are zeros; the system
 * hands out pages when they are first touched. Throws if an item does not fit into one memory, or the machine has no room.
 */
export function createArena(items: readonly ArenaItem[], options: ArenaOptions = {}): Arena {
  const { shared = false, limit = largest } = options
  const regions = new Map<string, Record<string, Region>>()
  const sizes: number[] = []
  for (const { name, slots } of items) {
    if (regions.has(name)) throw failure('ARENA_NAME_TWICE', `Two parameters are named ${name}.`)
    const bytes = Object.values(slots).reduce((sum, length) => sum + padded(length), 0)
    if (bytes > limit)
      throw failure(
        'ARENA_ITEM_TOO_LARGE',
        `${name} needs ${bytes} bytes for its numbers, gradients and optimizer state; one memory holds ${limit}.`,
      )
    if (sizes.length === 0 || sizes.at(-1)! + bytes > limit) sizes.push(0)
    const memory = sizes.length - 1
    const entry: Record<string, Region> = {}
    for (const [slot, length] of Object.entries(slots)) {
      entry[slot] = { memory, offset: sizes[memory]!, length }
      sizes[memory]! += padded(length)
    }
    regions.set(name, entry)
  }
  return { memories: sizes.map((bytes) => allocate(bytes, shared, sizes)), regions }
}

function allocate(bytes: number, shared: boolean, sizes: readonly number[]): WebAssembly.Memory {
  const pages = Math.max(1, Math.ceil(bytes / page))
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared })
  } catch (cause) {
    const gigabytes = (sizes.reduce((a, b) => a + b, 0) / 1e9).toPrecision(3)
    const limit = addressLimit()
    throw failure(
      'OUT_OF_MEMORY',
      `Parameters, gradients and optimizer state need ${gigabytes} GB, which this machine did not give.\n${
        limit === undefined
          ? 'Close other programs, or train a smaller model.'
          : `ulimit -v allows ${Math.floor(limit / 1e9)} GB of addresses, of which WebAssembly reserves 10 GB for each memory: raise it.`
      }`,
      cause,
    )
  }
}

/** The numbers of one slot, without its padding. A memory never grows, so the view stays valid and its address stays put. */
export function viewOf(arena: Arena, name: string, slot: string): Float32Array {
  const region = arena.regions.get(name)?.[slot]
  if (!region) throw failure('ARENA_SLOT', `The arena has no ${slot} of ${name}.`)
  return new Float32Array(arena.memories[region.memory]!.buffer, region.offset, region.length)
}

/** Views of one slot of every parameter, by parameter name in the arena's order. */
export const viewsOf = (arena: Arena, slot: string): Map<string, Float32Array> =>
  new Map([...arena.regions.keys()].map((name) => [name, viewOf(arena, name, slot)]))

/** Bytes allocated, padding included. */
export const arenaBytes = (arena: Arena): number =>
  arena.memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0)
