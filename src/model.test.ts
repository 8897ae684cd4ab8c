import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadModel, type Model, type RunResult } from './model.ts'
import { runtimeNames } from './runtime/choose.ts'
import { referenceRuntime } from './runtime/reference.ts'
import { type NdArray, toNumbers } from './tensor/array.ts'
import { openSafetensors } from './weights/safetensors.ts'

const folder = fileURLToPath(new URL('../test/oracles/data/gpt2-lm/', import.meta.url))

/** The oracle's tolerances. */
function close(got: NdArray, expected: NdArray, relative: number, absolute: number, name: string) {
  expect(got.shape, name).toEqual(expected.shape)
  const [a, b] = [toNumbers(got), toNumbers(expected)]
  const bound = relative * b.reduce((most, x) => Math.max(most, Math.abs(x)), 0) + absolute
  const worst = a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0)
  expect(worst, name).toBeLessThanOrEqual(bound)
}

describe.each(runtimeNames)('GPT-2 on the %s runtime, against transformers', (runtime) => {
  let model: Model
  let oracle: Map<string, NdArray>
  let out: RunResult
  const inputs = () =>
    Object.fromEntries(['input_ids', 'attention_mask', 'labels'].map((name) => [name, oracle.get(`input.${name}`)!]))

  beforeAll(async () => {
    const file = await openSafetensors(`${folder}expected.safetensors`)
    oracle = new Map()
    for (const name of file.entries.keys()) oracle.set(name, await file.read(name))
    model = await loadModel(`${folder}model`, { runtime })
    const capture = ['hidden_states', 'attentions', 'transformer.h.*.mlp']
    out = await model.run(inputs(), { capture, gradients: true })
    return () => model.dispose()
  })

  it('gives the logits and the loss', () => {
    close(out.logits, oracle.get('output.logits')!, 2e-5, 1e-6, 'logits')
    close(out.loss!, oracle.get('output.loss')!, 0, 1e-4, 'loss')
  })

  it.each(['hidden_states', 'attentions'] as const)('gives all %s', (name) => {
    const expected = [...oracle.keys()].filter((key) => key.startsWith(`output.${name}.`))
    expect(out[name]).toHaveLength(expected.length)
    for (const [i, got] of out[name]!.entries())
      close(got, oracle.get(`output.${name}.${i}`)!, 2e-5, 1e-6, `${name}.${i}`)
  })

  it('gives the gradient of every parameter', () => {
    const expected = [...oracle.keys()].filter((key) => key.startsWith('grad.')).map((key) => key.slice(5))
    expect(Object.keys(out.gradients!).sort()).toEqual(expected.sort())
    for (const name of expected) close(out.gradients![name]!, oracle.get(`grad.${name}`)!, 1e-4, 1e-6, name)
  })

  it('captures what a pattern asks for', () => {
    expect(Object.keys(out.captured)).toEqual(['transformer.h.0.mlp', 'transformer.h.1.mlp'])
    expect(out.captured['transformer.h.0.mlp']!.shape).toEqual(out.hidden_states![0]!.shape)
  })

  it('gives the same logits without gradients, labels or capture, from nested lists too', async () => {
    const { input_ids, attention_mask } = inputs()
    const plain = await model.run({ input_ids, attention_mask })
    close(plain.logits, oracle.get('output.logits')!, 2e-5, 1e-6, 'logits')
    expect(plain.loss).toBeUndefined()
    const [rows, length] = input_ids!.shape as [number, number]
    const numbers = toNumbers(input_ids!)
    const nested = Array.from({ length: rows }, (_, i) => [...numbers.subarray(i * length, (i + 1) * length)])
    close((await model.run({ input_ids: nested, attention_mask })).logits, plain.logits, 0, 0, 'nested')
  })
})

describe('a model prepared to generate', () => {
  const options = { maxNewTokens: 8, temperature: 0 }
  it('writes what any other writes, more than once', async () => {
    const [plain, prepared] = [await loadModel(`${folder}model`), await loadModel(`${folder}model`, { prepare: true })]
    const expected = await plain.complete([1, 2, 3], options)
    for (let i = 0; i < 2; i++) expect(await prepared.complete([1, 2, 3], options)).toEqual(expected)
    await plain.dispose()
    await prepared.dispose()
    await prepared.dispose()
  })
  it('need not generate, and says what keeps it from it only then', async () => {
    const broken = { ...referenceRuntime(), compile: () => Promise.reject(new Error('no room')) }
    const model = await loadModel(`${folder}model`, { runtime: broken, prepare: true })
    await expect(model.complete([1, 2, 3], options)).rejects.toThrow('no room')
    await model.dispose()
  })
})

describe('what a model refuses', () => {
  const load = () => loadModel(`${folder}model`, { runtime: 'reference' })
  it.each([
    [{ input_ids: [[1]], tokens: [[1]] }, {}, 'UNKNOWN_INPUT'],
    [{}, {}, 'MISSING_INPUT'],
    [{ input_ids: [1, 2] }, {}, 'INPUT_RANK'],
    [{ input_ids: [[1, 96]] }, {}, 'INPUT_RANGE'],
    [{ input_ids: [[1, -1]] }, {}, 'INPUT_RANGE'],
    [{ input_ids: [[1, 1.5]] }, {}, 'BAD_INPUT'],
    [{ input_ids: [Array(49).fill(1)] }, {}, 'TOO_LONG'],
    [{ input_ids: [[1, 2]], attention_mask: [[1]] }, {}, 'INPUT_SHAPE'],
    [{ input_ids: [[1, 2]] }, { gradients: true }, 'NO_LABELS'],
    [{ input_ids: [[1, 2]] }, { capture: ['h.*.nothing'] }, 'NOTHING_CAPTURED'],
  ])('%j with %j: %s', async (inputs, options, code) => {
    await expect((await load()).run(inputs, options)).rejects.toMatchObject({ code })
  })
})
