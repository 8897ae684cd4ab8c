import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel, openModel } from '../model.ts'
import { runtimeNames } from '../runtime/choose.ts'
import { type NdArray, toNumbers } from '../tensor/array.ts'
import { writeCheckpoint } from './checkpoint.ts'
import type { Quantization } from './quantization.ts'
import { writeQuantized } from './stored-blocks.ts'

const oracle = fileURLToPath(new URL('../../test/oracles/data/gpt2-lm/model', import.meta.url))
const ids = [[46, 13, 91, 84, 30, 7, 3, 22]]
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pellucid-quantized-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const logitsOf = async (directory: string, options: Parameters<typeof loadModel>[1]): Promise<NdArray> => {
  const model = await loadModel(directory, { warn: () => {}, ...options })
  try {
    return (await model.run({ input_ids: ids })).logits
  } finally {
    await model.dispose()
  }
}

/** The largest difference, in parts of the largest number. */
function distance(a: NdArray, b: NdArray): number {
  const [x, y] = [toNumbers(a), toNumbers(b)]
  const largest = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i]!)), 0) / largest
}

const kinds: [Quantization, number][] = [
  ['int8', 0.03],
  ['int4', 0.4],
]

describe.each(kinds)('%s', (quantize, bound) => {
  it('gives every runtime the same logits, near to those of whole weights', async () => {
    const whole = await logitsOf(oracle, { runtime: 'reference' })
    const reference = await logitsOf(oracle, { runtime: 'reference', quantize })
    expect(distance(reference, whole)).toBeLessThan(bound)
    expect(distance(reference, whole)).toBeGreaterThan(1e-4)
    for (const runtime of runtimeNames) {
      // A number of the left side that lies between two codes may be rounded either way: one step of 254 in one of many terms.
      const logits = await logitsOf(oracle, { runtime, quantize })
      expect(distance(logits, reference), runtime).toBeLessThan(0.01)
    }
  })

  it('is the same stored as made at every load, in text and in derivatives', async () => {
    const directory = join(folder, quantize)
    const { checkpoint } = await openModel(oracle, { quantize })
    await writeQuantized(directory, checkpoint)
    expect(await logitsOf(directory, { runtime: 'native' })).toEqual(
      await logitsOf(oracle, { runtime: 'native', quantize }),
    )
    const [stored, made] = [await loadModel(directory), await loadModel(oracle, { quantize })]
    const options = { maxNewTokens: 20, temperature: 0.8, stopTokens: [] }
    expect(await stored.complete(ids, options)).toEqual(await made.complete(ids, options))
    const labels = { input_ids: ids, labels: ids }
    const [a, b] = [await stored.run(labels, { gradients: true }), await made.run(labels, { gradients: true })]
    const name = 'transformer.h.0.mlp.c_fc.weight'
    // Derivatives are those of whole weights: the stored model has only what its codes stand for.
    expect(distance(a.gradients![name]!, b.gradients![name]!)).toBeLessThan(2 * bound)
    await stored.dispose()
    await made.dispose()
    await expect(loadModel(directory, { quantize: quantize === 'int8' ? 'int4' : 'int8' })).rejects.toThrow(
      `stored as ${quantize}`,
    )
  })
})

describe('directories in few bits', () => {
  it('name what is wrong with them', async () => {
    const { checkpoint } = await openModel(oracle, { quantize: 'int8' })
    const directory = join(folder, 'wrong')
    await writeQuantized(directory, checkpoint)
    const config = join(directory, 'config.json')
    const right = readFileSync(config, 'utf8')
    const change = (fields: object) => {
      const file = JSON.parse(right)
      writeFileSync(
        config,
        JSON.stringify({ ...file, quantization_config: { ...file.quantization_config, ...fields } }),
      )
    }
    change({ bits: 4 })
    await expect(loadModel(directory)).rejects.toThrow(/model\.safetensors: transformer\.\S+\.codes is \[\d+, 1, 32\]/)
    change({ bits: 3 })
    await expect(loadModel(directory)).rejects.toThrow('expected bits of 8 or 4 and a block_size of 32')
    change({ quant_method: 'gptq' })
    await expect(loadModel(directory)).rejects.toThrow('quantized by "gptq", which is not supported')
    writeFileSync(config, JSON.stringify({ ...JSON.parse(right), quantization_config: undefined }))
    await expect(loadModel(directory)).rejects.toThrow(/tensors are missing: .*c_attn\.weight/)
  })

  it('are not made of weights that are no numbers', async () => {
    const { checkpoint } = await openModel(oracle)
    const directory = join(folder, 'nan')
    const tensors = new Map<string, NdArray>()
    for (const [name, { source }] of checkpoint.constants) tensors.set(name, await source.read())
    ;(tensors.get('transformer.h.0.mlp.c_fc.weight')!.data as Float32Array)[5] = Number.NaN
    await writeCheckpoint(directory, checkpoint.file, tensors)
    await expect(logitsOf(directory, { runtime: 'native', quantize: 'int4' })).rejects.toThrow(
      'transformer.h.0.mlp.c_fc.weight holds NaN or infinity, which few bits cannot hold',
    )
  })
})
