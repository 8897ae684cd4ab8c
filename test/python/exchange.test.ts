/** Exchange with Python: transformers loads what we train, we load what transformers writes, and both compute the same. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadModel, type PellucidError, type RecipeInput, type Tokenizer, train } from '../../src/index.ts'
import { perplexity } from '../../src/inspection/perplexity.ts'
import type { NdArray } from '../../src/tensor/array.ts'
import { parseSafetensors } from '../../src/weights/safetensors.ts'
import { writeSafetensors } from '../../src/weights/safetensors-write.ts'
import { type Arrays, differences, gradientsOf, outputsOf, tolerance } from '../oracles/oracle.ts'
import { python, whyNot } from './python.ts'

const script = fileURLToPath(new URL('exchange.py', import.meta.url))
const command = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const newTokens = 40

const problem = whyNot('torch', 'transformers')
beforeEach((context) => context.skip(problem !== undefined, problem))

const sizes = { layers: 2, heads: 2, width: 32 }
const recipe: RecipeInput = {
  data: { bytes: 60_000 },
  contextLength: 64,
  batchSize: 4,
  steps: 40,
  optimizer: { name: 'adamw', learningRate: 1e-2 },
  evaluation: { every: 40, batches: 4 },
}
/** Runs whose directories Python reads. */
const trained: Record<string, RecipeInput> = {
  characters: { ...recipe, model: sizes, tokenizer: { type: 'characters' } },
  bpe: { ...recipe, model: { ...sizes, heads: 4 }, tokenizer: { type: 'bpe', vocabularySize: 400 } },
  unigram: { ...recipe, model: sizes, tokenizer: { type: 'unigram', vocabularySize: 400, normalizer: ['nfkc'] } },
  wordpiece: { ...recipe, model: sizes, tokenizer: { type: 'wordpiece', vocabularySize: 400 } },
  'untied, other activation': {
    ...recipe,
    model: { ...sizes, config: { activation_function: 'silu', tie_word_embeddings: false, n_inner: 50 } },
    tokenizer: { type: 'bpe', vocabularySize: 300 },
  },
}
const texts = [
  'Mia went to the park.',
  ' two  spaces\n\nand lines\t',
  'Ünïcödé — 你好 🙂',
  'end<|endoftext|>start',
  '</s><s>',
  '',
]
const prompt = 'Mia '
const document = 'Mia went to the garden. The garden was quiet. Tom has three apples and gives one to Mia. '.repeat(4)

type Case = { config?: object; save?: object; dtype?: string; published?: boolean }
/** GPT-2 directories that Python writes. */
const written: Record<string, Case> = {
  plain: {},
  'heads of 8': { config: { n_embd: 32, n_head: 4 } },
  'one layer, one odd head': { config: { n_embd: 21, n_head: 1, n_layer: 1 } },
  'odd heads': { config: { n_embd: 21, n_head: 3 } },
  'gelu, wide MLP': { config: { activation_function: 'gelu', n_inner: 101 } },
  'relu, narrow MLP': { config: { activation_function: 'relu', n_inner: 7 } },
  silu: { config: { activation_function: 'silu' } },
  'quick gelu': { config: { activation_function: 'quick_gelu' } },
  'untied head': { config: { tie_word_embeddings: false } },
  'unscaled attention': { config: { scale_attn_weights: false } },
  'scaled by layer': { config: { scale_attn_by_inverse_layer_idx: true, n_layer: 3, n_embd: 32 } },
  'large epsilon': { config: { layer_norm_epsilon: 0.1 } },
  'upcast attention': { config: { reorder_and_upcast_attn: true } },
  bfloat16: { dtype: 'bfloat16' },
  float16: { dtype: 'float16' },
  sharded: { save: { max_shard_size: '10KB' } },
  'published names': { published: true },
  'sharded bfloat16, untied': {
    dtype: 'bfloat16',
    save: { max_shard_size: '5KB' },
    config: { tie_word_embeddings: false },
  },
}
/** Cases that also go through the command line. */
const throughCommands = ['plain', 'untied head', 'sharded', 'published names']

let folder: string
beforeAll(async () => {
  if (problem) return
  folder = mkdtempSync(join(tmpdir(), 'pellucid-python-'))
  for (const [name, run] of Object.entries(trained))
    for await (const _ of train(run, { out: join(folder, 'trained', name), threads: 1 }));
  const read = Object.keys(trained).map((name) => ({
    ...{ model: join(folder, 'trained', name), prompt, texts, document },
    ...{ window: 48, stride: 20 },
  }))
  writeFileSync(join(folder, 'request.json'), JSON.stringify({ read, write: written }))
  const { status, stderr } = spawnSync(python, [script, folder], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
}, 300_000)
afterAll(() => folder && rmSync(folder, { recursive: true }))

const json = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'))
const tensors = (file: string) => parseSafetensors(readFileSync(join(folder, file)), file)
/** The tensors of a file under a prefix, by the rest of their names. */
function under(file: string, prefix: string): Map<string, NdArray> {
  const all = tensors(file)
  const names = [...all.entries.keys()].filter((name) => name.startsWith(prefix))
  return new Map(names.map((name) => [name.slice(prefix.length), all.get(name)]))
}

/** Null for a text that the tokenizer refuses, as Python does. */
function encode(tokenizer: Tokenizer, text: string): number[] | null {
  try {
    return [...tokenizer.encode(text, { special: 'parse' }).ids]
  } catch (error) {
    if ((error as PellucidError).code !== 'UNKNOWN_PIECE') throw error
    return null
  }
}

/** Runs our command; throws with what it says unless it succeeds. */
function pellucid(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', command, ...args], {
    encoding: 'utf8',
  })
  expect(status, stderr).toBe(0)
  return stdout
}

describe.each(Object.keys(trained).map((name, i) => ({ name, i })))(
  'transformers loads what we train: $name',
  ({ name, i }) => {
    const directory = () => join(folder, 'trained', name)

    test('without a warning, every weight in its place', () => {
      const { class: type, dtype, complaints, loading } = json(`read-${i}.json`)
      expect({ type, dtype, complaints, loading }).toEqual({
        type: 'GPT2LMHeadModel',
        dtype: 'torch.float32',
        complaints: [],
        loading: {},
      })
    })

    test('the same ids and texts', async () => {
      const { tokenizer } = await loadModel(directory())
      const ids = texts.map((text) => encode(tokenizer!, text))
      const { ids: expected, decoded } = json(`read-${i}.json`)
      expect(ids).toEqual(expected)
      expect(ids.map((list) => list && tokenizer!.decode(list))).toEqual(decoded)
    })

    test('the same logits', async () => {
      const model = await loadModel(directory())
      const read = tensors(`read-${i}.safetensors`)
      const { logits } = await model.run({ input_ids: read.get('input_ids') })
      expect(
        differences(new Map([['logits', logits]]), new Map([['logits', read.get('logits')]]), tolerance.output),
      ).toEqual([])
      await model.dispose()
    })

    test(`the same ${newTokens} tokens, greedily`, async () => {
      const model = await loadModel(directory())
      const { sequences } = await model.complete(prompt, { maxNewTokens: newTokens, temperature: 0 })
      const { ids, text } = sequences[0]!
      const { greedy } = json(`read-${i}.json`)
      expect({ ids, text: model.tokenizer!.decode(ids) }).toEqual(greedy)
      // Not every tokenizer gives back the prompt that it was given: WordPiece makes its letters small.
      expect(greedy.text).toBe((name === 'wordpiece' ? 'mia' : prompt) + text)
      await model.dispose()
    })

    test('the same perplexity over strided windows, also by our command', async () => {
      const model = await loadModel(directory())
      const ids = model.tokenizer!.encode(document).ids
      const { perplexity: expected } = json(`read-${i}.json`)
      const ours = await perplexity(model, ids, { window: 48, stride: 20 })
      expect(ours.tokens).toBe(expected.tokens)
      expect(Math.abs(ours.perplexity / expected.perplexity - 1)).toBeLessThan(1e-5)
      await model.dispose()

      const file = join(folder, `document-${i}.txt`)
      writeFileSync(file, document)
      const windows = ['--window', '48', '--stride', '20']
      const said = JSON.parse(pellucid('evaluate', directory(), '--data', file, ...windows, '--json'))
      expect(Math.abs(said.perplexity / expected.perplexity - 1)).toBeLessThan(1e-5)
    })
  },
)

describe.each(Object.keys(written))('we load what transformers writes: %s', (name) => {
  const directory = () => join(folder, name, 'model')
  const recorded = (prefix: string) => under(`${name}/expected.safetensors`, prefix)

  test.each(['right', 'left'])('the same outputs and gradients, padded on the %s', async (side) => {
    const model = await loadModel(directory())
    const inputs = Object.fromEntries(recorded(`${side}.input.`))
    const result = await model.run(inputs, { capture: ['hidden_states', 'attentions'], gradients: true })
    expect(differences(outputsOf(result), recorded(`${side}.output.`), tolerance.output)).toEqual([])
    expect(Object.keys(result.gradients!).sort()).toEqual([...recorded(`${side}.grad.`).keys()].sort())
    expect(differences(gradientsOf(result), recorded(`${side}.grad.`), tolerance.gradient)).toEqual([])
    await model.dispose()
  })

  test('the same tokens, greedily, one prompt at a time and all at once', async () => {
    const model = await loadModel(directory())
    const { prompts, greedy } = json(`${name}/expected.json`)
    const options = { maxNewTokens: newTokens, temperature: 0 }
    const alone = []
    for (const ids of prompts) alone.push((await model.complete([ids], options)).sequences[0]!.ids)
    expect(alone).toEqual(greedy)
    const together = await model.complete(prompts, options)
    expect(together.sequences.map(({ ids }) => ids)).toEqual(greedy)
    await model.dispose()
  })
})

test('sharded cases lie in several files', () => {
  for (const name of Object.keys(written).filter((name) => name.startsWith('sharded')))
    expect(json(`${name}/expected.json`).files.length).toBeGreaterThan(4)
})

describe.each(throughCommands)('our commands on what transformers writes: %s', (name) => {
  const directory = () => join(folder, name, 'model')

  test.each(['right', 'left'])('inspect, padded on the %s', async (side) => {
    mkdirSync(join(folder, 'commands'), { recursive: true })
    const [given, output] = [join(folder, 'commands', 'in.safetensors'), join(folder, 'commands', 'out.safetensors')]
    const file = `${name}/expected.safetensors`
    await writeSafetensors(given, new Map([...under(file, `${side}.input.`)].map(([key, x]) => [`input.${key}`, x])))
    pellucid('inspect', directory(), '--inputs', given, '--output', output, '--gradients')
    const found = (prefix: string): Arrays => under('commands/out.safetensors', prefix)
    expect(differences(found('output.'), under(file, `${side}.output.`), tolerance.output)).toEqual([])
    expect(differences(found('grad.'), under(file, `${side}.grad.`), tolerance.gradient)).toEqual([])
  })

  test('generate', () => {
    const { prompts, greedy } = json(`${name}/expected.json`)
    const given = (prompts as number[][]).flatMap((ids) => ['--prompt-ids', ids.join()])
    const settings = ['--max-new-tokens', String(newTokens), '--temperature', '0', '--json']
    const { sequences } = JSON.parse(pellucid('generate', directory(), ...given, ...settings))
    expect((sequences as { ids: number[] }[]).map(({ ids }) => ids)).toEqual(greedy)
  })
})
