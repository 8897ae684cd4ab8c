/** The weights of a model directory: one file `model.safetensors`, or shards with an index, read and written. */
import { ensureDirectory, formatJson, type PendingFile, prepareFile, syncDirectory } from '../base/atomic.ts'
import { fileError, usageError } from '../base/errors.ts'
import { explained, fs, kindOf, listDirectory, path } from '../base/files.ts'
import { show } from '../base/json.ts'
import { someOf } from '../base/list.ts'
import { sizeOf } from '../tensor/array.ts'
import { entryOf, openSafetensors, type Safetensors } from './safetensors.ts'
import type { Entry } from './safetensors-header.ts'
import { byteLengthOf, type Metadata, safetensorsWriter, type TensorSource } from './safetensors-write.ts'
import { readShardIndex, shardName, splitIntoShards } from './shards.ts'

export const weightsName = 'model.safetensors'
export const indexName = 'model.safetensors.index.json'

/** The weights of a directory, wherever they lie. */
export type Weights = Safetensors & {
  readonly directory: string
  /** What messages call them: the one file, or the index. */
  readonly place: string
  /** Oddities that do not prevent reading, one sentence each. */
  readonly warnings: readonly string[]
}

/** Opens the weights of a model directory. If both forms are there, the single file counts, as with transformers. */
export async function openWeights(directory: string): Promise<Weights> {
  const kind = await kindOf(directory)
  if (kind === undefined) throw fileError('FILE_NOT_FOUND', `${directory}: no such directory. Check the path.`)
  if (kind !== 'directory') throw fileError('NOT_A_DIRECTORY', `${directory}: is a file, expected a model directory.`)
  const single = path().join(directory, weightsName)
  const index = path().join(directory, indexName)
  if (await kindOf(single)) {
    const unused = (await kindOf(index)) ? [`${index}: is not read, because ${weightsName} lies beside it.`] : []
    return { ...(await openSafetensors(single)), directory, place: single, warnings: unused }
  }
  if (await kindOf(index)) return await openShards(directory, index)
  const names = await listDirectory(directory)
  const dangling = [weightsName, indexName].find((name) => names.includes(name))
  if (dangling) throw danglingLink(path().join(directory, dangling))
  const pickle = names.find((name) => /^pytorch_model.*\.bin$|\.(pt|pth|ckpt)$/.test(name))
  throw fileError(
    'NO_WEIGHTS',
    `${directory}: holds no weights (expected ${weightsName} or ${indexName}).\n` +
      (pickle
        ? `${pickle} is a PyTorch pickle, which is never read: convert it to safetensors with Python.`
        : `It holds ${names.length ? names.slice(0, 6).join(', ') : 'nothing'}.`),
  )
}

/** The error for a link, as in the Hugging Face cache, whose file is gone. */
export const danglingLink = (file: string) =>
  fileError('FILE_NOT_FOUND', `${file}: a link to a file that is not there. Download it.`)

async function openShards(directory: string, indexFile: string): Promise<Weights> {
  const { fileOf, totalSize } = await readShardIndex(indexFile)
  const shards = new Map<string, Safetensors>()
  for (const name of [...new Set(fileOf.values())].sort()) {
    const file = path().join(directory, name)
    if (!(await kindOf(file)))
      throw fileError('MISSING_SHARD', `${file}: is missing, but ${indexName} lists it. Download it.`)
    shards.set(name, await openSafetensors(file))
  }
  const entries = new Map<string, Entry>()
  for (const [name, shard] of fileOf) {
    const entry = shards.get(shard)!.entries.get(name)
    if (!entry) throw misplaced(name, shard, shards, indexFile)
    entries.set(name, entry)
  }
  const shardOf = (name: string): Safetensors => shards.get(fileOf.get(entryOf(entries, name, indexFile).name)!)!
  return {
    directory,
    place: indexFile,
    entries,
    metadata: [...shards.values()][0]?.metadata ?? new Map(),
    warnings: shardWarnings(fileOf, shards, totalSize, indexFile),
    read: async (name) => await shardOf(name).read(name),
    readBytes: async (name, into) => await shardOf(name).readBytes(name, into),
    unchanged: async () => {
      for (const shard of shards.values()) await shard.unchanged()
    },
  }
}

type Shards = ReadonlyMap<string, Safetensors>

/** The error for a tensor that is not in the shard that the index names; says where it is. */
function misplaced(name: string, shard: string, shards: Shards, indexFile: string) {
  const [holder] = [...shards].find(([, { entries }]) => entries.has(name)) ?? []
  return fileError(
    'BAD_INDEX',
    `${indexFile}: places tensor ${show(name)} in ${shard}, which lacks it; ${holder ?? 'no shard of the index'} holds it.\n` +
      'Download the index and all shards of one version.',
  )
}

/** What an index does not say, or says wrongly, about shards that hold all it promises. */
function shardWarnings(
  fileOf: ReadonlyMap<string, string>,
  shards: Shards,
  totalSize: unknown,
  indexFile: string,
): string[] {
  const unlisted: string[] = []
  for (const [shard, { entries }] of shards)
    for (const name of entries.keys()) if (fileOf.get(name) !== shard) unlisted.push(`${show(name)} in ${shard}`)
  let bytes = 0
  for (const [name, shard] of fileOf) bytes += shards.get(shard)!.entries.get(name)!.byteLength
  return [
    ...(unlisted.length ? [`${indexFile}: tensors elsewhere than it says are ignored: ${someOf(unlisted)}.`] : []),
    ...(totalSize === undefined || totalSize === bytes
      ? []
      : [`${indexFile}: gives a total_size of ${show(totalSize)} bytes, but the tensors have ${bytes}.`]),
  ]
}

export type WriteOptions = {
  /** Largest shard in bytes; with more than that, several files and an index are written. */
  maxShardBytes?: number
  /** Texts kept in the header of every file. transformers wants to find `format`. */
  metadata?: Metadata
}

/**
 * Writes the weights of a model directory, in one file or in shards. Everything is first written under temporary names, so a full
 * disk changes nothing, and sources may read from the files that are being replaced. An old index disappears before the first
 * shard is replaced and the new one comes last: a crash in between leaves a directory without weights, never a mixture.
 */
export async function writeWeights(
  directory: string,
  tensors: ReadonlyMap<string, TensorSource>,
  { maxShardBytes = 5e9, metadata = { format: 'pt' } }: WriteOptions = {},
): Promise<void> {
  if (!(maxShardBytes > 0))
    throw usageError('BAD_SHARD_SIZE', `maxShardBytes is ${maxShardBytes}, expected more than 0.`)
  await ensureDirectory(directory)
  const at = (name: string) => path().join(directory, name)
  const shards = splitIntoShards(
    new Map([...tensors].map(([name, tensor]) => [name, byteLengthOf(tensor)])),
    maxShardBytes,
  )
  const files = shards.length > 1 ? shards.map((_, i) => shardName(i, shards.length)) : [weightsName]
  const kept = new Set(shards.length > 1 ? [...files, indexName] : files)

  const pending: PendingFile[] = []
  try {
    for (const [i, file] of files.entries()) {
      const part = shards.length > 1 ? new Map(shards[i]!.map((name) => [name, tensors.get(name)!])) : tensors
      const { fill, size } = safetensorsWriter(part, metadata)
      pending.push(await prepareFile(at(file), fill, size))
    }
    if (shards.length > 1) {
      const text = new TextEncoder().encode(formatIndex(shards, files, tensors))
      pending.push(await prepareFile(at(indexName), (sink) => sink.write(text), text.length))
      await remove(directory, [indexName])
    }
    for (const file of pending) await file.commit()
  } catch (error) {
    for (const file of pending) await file.discard()
    throw error
  }
  // The other form must go, or a reader would meet old weights; its index first, so that it never names a missing file.
  const old = (await listDirectory(directory)).filter((name) => isWeightFile(name) && !kept.has(name))
  await remove(
    directory,
    old.sort((a, b) => Number(b === indexName) - Number(a === indexName)),
  )
}

const isWeightFile = (name: string): boolean =>
  name === weightsName || name === indexName || /^model-\d{5}-of-\d{5}\.safetensors$/.test(name)

/** Removes files in this order and makes that durable. */
async function remove(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const file = path().join(directory, name)
    await explained(file, 'write', () => fs().promises.rm(file, { force: true }))
  }
  if (names.length) await syncDirectory(directory)
}

/** The index as transformers writes it: keys sorted, two spaces, a final line break. */
function formatIndex(shards: string[][], files: string[], tensors: ReadonlyMap<string, TensorSource>): string {
  const all = [...tensors.values()]
  const pairs = shards.flatMap((names, i) => names.map((name) => [name, files[i]!] as const))
  return formatJson(
    {
      metadata: {
        total_parameters: all.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
        total_size: all.reduce((sum, tensor) => sum + byteLengthOf(tensor), 0),
      },
      weight_map: Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1))),
    },
    indexName,
  )
}
