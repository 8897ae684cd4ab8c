/** Weights split over several files, as Hugging Face does: `model-00001-of-00003.safetensors`, … and an index of which tensor is where. */
import { fileError } from '../base/errors.ts'
import { readJson } from '../base/files.ts'
import { show } from '../base/json.ts'

export type ShardIndex = {
  /** Tensor → file name. */
  readonly fileOf: ReadonlyMap<string, string>
  /** Bytes of all tensors, as the index says: a number, unless it is wrong about that too. */
  readonly totalSize: unknown
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The plain name of a weights file: no folder, no drive, nothing that a terminal would obey. */
const plainName = /^[^/\\:\p{Cc}]+\.safetensors$/u

/** The largest models published have a third of it. */
const maxIndexBytes = 1 << 25

/**
 * Reads `model.safetensors.index.json`. Files must be named plainly: an index is untrusted, and a path in it could lead anywhere.
 * Throws `BAD_INDEX`.
 */
export async function readShardIndex(file: string): Promise<ShardIndex> {
  const bad = (found: string) => fileError('BAD_INDEX', `${file}: ${found}.`)
  const root = await readJson(file, { maxBytes: maxIndexBytes })
  if (!isObject(root)) throw bad(`holds ${show(root)}, expected an object`)
  const { weight_map: map, metadata } = root
  if (!isObject(map)) throw bad(`has "weight_map" ${show(map)}, expected an object of tensor names and file names`)
  const fileOf = new Map<string, string>()
  const known = new Set<unknown>()
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== 'string' || !(known.has(shard) || plainName.test(shard)))
      throw bad(
        `places tensor ${show(name)} in ${show(shard)}.\nExpected the plain name of a .safetensors file in the same directory`,
      )
    known.add(shard)
    fileOf.set(name, shard)
  }
  return { fileOf, totalSize: isObject(metadata) ? metadata.total_size : undefined }
}

/**
 * Distributes tensors over shards: in their order, a new shard whenever the next one would not fit. A tensor larger than
 * `maxBytes` gets a shard of its own.
 */
export function splitIntoShards(sizes: ReadonlyMap<string, number>, maxBytes: number): string[][] {
  const shards: string[][] = []
  let room = 0
  for (const [name, bytes] of sizes) {
    if (shards.length === 0 || (bytes > room && shards.at(-1)!.length > 0)) {
      shards.push([])
      room = maxBytes
    }
    shards.at(-1)!.push(name)
    room -= bytes
  }
  return shards
}

/** The name of shard `index` (from 0) of `count`. */
export const shardName = (index: number, count: number): string =>
  `model-${String(index + 1).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.safetensors`
