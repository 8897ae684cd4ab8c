/** A tiny valid model directory, and the few ways in which the tables of bad ones change it. */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { siteOf } from '../../src/base/random.ts'
import { parameters } from '../../src/nn/index.ts'
import { type NdArray, sizeOf } from '../../src/tensor/array.ts'
import { parseConfig } from '../../src/weights/checkpoint.ts'
import { encodeSafetensors } from '../../src/weights/safetensors-write.ts'

export type Fields = Readonly<Record<string, unknown>>

export const tinyConfig: Fields = {
  model_type: 'gpt2',
  vocab_size: 16,
  n_positions: 8,
  n_embd: 8,
  n_layer: 2,
  n_head: 2,
}

/** The weights of the tiny model, as a new one would have them; in every call new arrays, to be changed at will. */
export function tinyWeights(): Map<string, NdArray> {
  const { format, config } = parseConfig(tinyConfig, 'config.json')
  const all = parameters(format.definition.build(config))
  return new Map(
    [...all].map(([name, { shape, node }]) => {
      const data = new Float32Array(sizeOf(shape as number[]))
      node.attributes.init.fill(data, shape as number[], 1, siteOf(name))
      return [name, { dtype: 'float32', shape: shape as number[], data }]
    }),
  )
}

const weightBytes = encodeSafetensors(tinyWeights(), { format: 'pt' })

/** The valid file, as bytes to damage. */
export const tinyFile = (): Uint8Array<ArrayBuffer> => weightBytes.slice()

/** The valid file with its header's text changed; the length before it is adapted. */
export function withHeader(change: (json: string) => string): Uint8Array<ArrayBuffer> {
  const length = Number(new DataView(weightBytes.buffer).getBigUint64(0, true))
  const json = new TextEncoder().encode(change(new TextDecoder().decode(weightBytes.subarray(8, 8 + length))))
  const bytes = new Uint8Array(8 + json.length + weightBytes.length - 8 - length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(weightBytes.subarray(8 + length), 8 + json.length)
  return bytes
}

/** A directory with the tiny model in it, to be spoiled. */
export class ModelDirectory {
  readonly path: string
  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'pellucid-bad-'))
    this.config({})
    this.write('model.safetensors', weightBytes)
  }
  at(name: string): string {
    return join(this.path, name)
  }
  write(name: string, content: string | Uint8Array): void {
    writeFileSync(this.at(name), content)
  }
  /** Writes config.json with some fields changed; undefined takes one out. */
  config(changes: Fields): void {
    this.write('config.json', JSON.stringify({ ...tinyConfig, ...changes }))
  }
  /** Writes the weights after changing the tensors. */
  weights(change: (tensors: Map<string, NdArray>) => void): void {
    const tensors = tinyWeights()
    change(tensors)
    this.write('model.safetensors', encodeSafetensors(tensors))
  }
  /** Replaces the one file by two shards, `a` with the token embedding and `b` with the rest, and an index that may be changed. */
  shards(
    change: (index: { metadata?: Fields; weight_map: Record<string, unknown> }) => unknown = (index) => index,
  ): void {
    const tensors = [...tinyWeights()]
    const isFirst = ([name]: readonly [string, NdArray]) => name === 'transformer.wte.weight'
    const parts = {
      'a.safetensors': tensors.filter(isFirst),
      'b.safetensors': tensors.filter((each) => !isFirst(each)),
    }
    const map: Record<string, unknown> = {}
    for (const [file, part] of Object.entries(parts)) {
      this.write(file, encodeSafetensors(new Map(part)))
      for (const [name] of part) map[name] = file
    }
    this.remove('model.safetensors')
    const index = change({ weight_map: map })
    this.write('model.safetensors.index.json', typeof index === 'string' ? index : JSON.stringify(index))
  }
  /** A file of this size that takes no room on the disk; it begins with `start`. */
  sparse(name: string, size: number, start: string | Uint8Array = ''): void {
    this.write(name, start)
    truncateSync(this.at(name), size)
  }
  folder(name: string): void {
    mkdirSync(this.at(name))
  }
  remove(name: string): void {
    rmSync(this.at(name), { recursive: true, force: true })
  }
  dispose(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
