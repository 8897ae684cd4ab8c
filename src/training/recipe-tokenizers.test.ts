/** Every kind of tokenizer that can be learned serves a recipe: the same each time, read again, and refused where it changed. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadModel } from '../model.ts'
import { type TrainingKindName, trainingKinds } from '../tokenizers/index.ts'
import type { RecipeInput } from './recipe.ts'
import type { LearnedTokenizer } from './recipe-tokenizers.ts'
import { train } from './train.ts'

const folder = mkdtempSync(join(tmpdir(), 'pellucid-recipe-tokenizers-'))
afterAll(() => rmSync(folder, { recursive: true }))

const recipeOf = (tokenizer: LearnedTokenizer): RecipeInput => ({
  model: { layers: 1, heads: 2, width: 16 },
  tokenizer,
  data: { bytes: 20_000 },
  contextLength: 16,
  batchSize: 2,
  steps: 1,
})
async function run(recipe: RecipeInput, out: string, resume = false): Promise<string> {
  for await (const _ of train(recipe, { out: join(folder, out), resume, threads: 1 }));
  return readFileSync(join(folder, out, 'tokenizer.json'), 'utf8')
}

describe.each(Object.keys(trainingKinds) as TrainingKindName[])('%s', (type) => {
  test('is learned from the text, the same each time, and a run goes on with it', async () => {
    const recipe = recipeOf({ type })
    const learned = await run(recipe, type)
    expect(await run(recipe, `${type}-again`)).toBe(learned)
    expect(await run({ ...recipe, steps: 2 }, type, true)).toBe(learned)
    const model = await loadModel(join(folder, type))
    const text = 'Mia went to the park.'
    const { ids } = model.tokenizer!.encode(text, { special: 'text', addSpecialTokens: false })
    expect(ids.length).toBeGreaterThan(4)
    expect(model.tokenizer!.decode(ids).toLowerCase().replaceAll(' ', '')).toBe(text.toLowerCase().replaceAll(' ', ''))
    await model.dispose()
    const other = type === 'bytes' ? 'characters' : 'bytes'
    await expect(run(recipeOf({ type: other }), type, true)).rejects.toThrow(/tokenizer\.type/)
  })
})

test('the settings of a kind are those of learning it', async () => {
  const old = JSON.parse(
    await run(
      recipeOf({ type: 'bpe', preTokenizer: ['whitespace-split'], endOfWord: '</w>', vocabularySize: 300 }),
      'old',
    ),
  )
  expect(old.model.end_of_word_suffix).toBe('</w>')
  expect(old.pre_tokenizer.type).toBe('WhitespaceSplit')
  expect(Object.keys(old.model.vocab).length).toBeLessThanOrEqual(300)
  const settings = { normalizer: ['nfkc', 'lowercase'], specialTokens: ['<unk>', '<end>'], minFrequency: 3 }
  const words = JSON.parse(await run(recipeOf({ type: 'words', ...settings }), 'words-set'))
  expect(words.normalizer.normalizers).toEqual([{ type: 'NFKC' }, { type: 'Lowercase' }])
  expect(Object.keys(words.model.vocab).slice(0, 2)).toEqual(['<unk>', '<end>'])
  const changed = recipeOf({ type: 'words', ...settings, minFrequency: 4 })
  await expect(run(changed, 'words-set', true)).rejects.toThrow(/tokenizer\.minFrequency 3 → 4/)
})
