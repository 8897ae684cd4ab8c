/** Recipes: what is filled in, what is refused, and the ready-made ones with their schema. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseRecipe, type RecipeInput, recipeJsonSchema, setFields } from './recipe.ts'
import { findRecipe, recipeNames } from './recipes.ts'

const names = await recipeNames()

describe('ready-made recipes', () => {
  test('there are some, nanoGPT’s among them', () =>
    expect(names).toEqual(expect.arrayContaining(['nanogpt-cpu', 'world'])))
  test.each(names)('%s is complete and says what it is', async (name) => {
    const recipe = parseRecipe(await findRecipe(name), name)
    expect(recipe.description).toMatch(/\w{3}/)
    expect(recipe.$schema).toBe('./recipe.schema.json')
    // What a run stores reads back as the same recipe.
    expect(parseRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe)
  })
  test('recipes/recipe.schema.json is up to date (else: npx tsx src/cli/main.ts recipes --schema, then biome)', () => {
    const file = new URL('../../recipes/recipe.schema.json', import.meta.url)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(recipeJsonSchema())))
  })
  test('another name is an error that lists them', async () => {
    await expect(findRecipe('nanogtp')).rejects.toThrow(
      new RegExp(`nanogtp: neither.*\nReady-made: ${names.join(', ')}`),
    )
  })
})

describe('parseRecipe', () => {
  test('fills in everything', () => {
    const recipe = parseRecipe({})
    expect(recipe).toMatchObject({
      model: { type: 'gpt2', layers: 4, heads: 4, width: 128, dropout: 0, config: {} },
      tokenizer: { type: 'bpe', vocabularySize: 1024 },
      optimizer: { name: 'adamw', learningRate: 1e-3, betas: [0.9, 0.999] },
      schedule: { name: 'cosine', warmup: 0 },
      steps: 1000,
      seed: 1,
    })
    expect(parseRecipe({ model: { layers: undefined } }).model).toMatchObject({ layers: 4 })
  })
  test.each<[unknown, RegExp]>([
    [{ stepps: 3 }, /'stepps' in the root is not a known field/],
    [{ model: { layer: 3 } }, /'layer' in model is not a known field/],
    [{ steps: 1.5 }, /steps is 1.5, expected a whole number/],
    [{ steps: -5 }, /steps is -5, expected more than 0/],
    [{ steps: 0 }, /steps is 0, expected more than 0/],
    [{ steps: 2 ** 53 + 2 }, /steps is/],
    [{ steps: '10' }, /steps is "10", expected/],
    [{ seed: -1 }, /seed is -1/],
    [{ batchSize: Number.NaN }, /batchSize is NaN, expected/],
    [{ gradientClip: 0 }, /gradientClip is 0, expected more than 0/],
    [{ model: { dropout: 1 } }, /model.dropout is 1, expected below 1/],
    [{ model: { width: 10, heads: 4 } }, /model.width is 10, expected a multiple of model.heads \(4\)/],
    [{ optimizer: { name: 'adamw', learningRate: Number.POSITIVE_INFINITY } }, /optimizer.learningRate is Infinity/],
    [{ optimizer: { name: 'lion' } }, /optimizer.name is "lion"/],
    [{ schedule: { name: 'cosinus' } }, /schedule.name is "cosinus"/],
    [{ tokenizer: { type: 'bpe', vocabularySize: 5 } }, /tokenizer.vocabularySize is 5, expected at least 257/],
    [{ tokenizer: { type: 'sentencepiece' } }, /tokenizer.type is "sentencepiece"/],
    [{ tokenizer: { type: 'unigram', endOfWord: '</w>' } }, /'endOfWord' in tokenizer is not a known field/],
    [{ tokenizer: { type: 'bytes', vocabularySize: 300 } }, /'vocabularySize' in tokenizer is not a known field/],
    [{ tokenizer: { type: 'wordpiece', vocabularySize: 2 ** 21 } }, /vocabularySize is 2097152, expected at most/],
    [{ tokenizer: { type: 'words', minFrequency: -1 } }, /tokenizer.minFrequency is -1, expected 0 or more/],
    [{ tokenizer: { type: 'words', normalizer: ['nfx'] } }, /tokenizer.normalizer.* is "nfx"/],
    [{ data: { files: 'x.txt' } }, /data.files is "x.txt", expected array/],
    [{ data: { bytes: 1e12 } }, /data.bytes is 1000000000000, expected at most 268435456/],
    [[], /the root is \[\], expected object/],
    [null, /the root is null, expected object/],
  ])('%j', (value, message) => {
    expect(() => parseRecipe(value, 'r.json')).toThrow(message)
    expect(() => parseRecipe(value, 'r.json')).toThrow(/^r\.json: /)
    expect(() => parseRecipe(value)).toThrow(expect.objectContaining({ code: 'BAD_RECIPE', kind: 'usage' }))
  })
})

describe('setFields', () => {
  const recipe: RecipeInput = { model: { layers: 2 }, optimizer: { name: 'adamw', betas: [0.9, 0.99] } }
  test.each([
    ['optimizer.learningRate=3e-4', { ...recipe, optimizer: { ...recipe.optimizer, learningRate: 3e-4 } }],
    ['optimizer.betas=[0.8,0.9]', { ...recipe, optimizer: { name: 'adamw', betas: [0.8, 0.9] } }],
    ['optimizer.betas.1=0.5', { ...recipe, optimizer: { name: 'adamw', betas: [0.9, 0.5] } }],
    ['tokenizer.type=bytes', { ...recipe, tokenizer: { type: 'bytes' } }],
    ['samples.prompt=a = b', { ...recipe, samples: { prompt: 'a = b' } }],
    ['samples.prompt=', { ...recipe, samples: { prompt: '' } }],
    ['model={"from":"runs/x"}', { ...recipe, model: { from: 'runs/x' } }],
    ['evaluation.train=true', { ...recipe, evaluation: { train: true } }],
  ])('%s', (assignment, expected) => {
    const before = structuredClone(recipe)
    expect(setFields(recipe, [assignment])).toEqual(expected)
    expect(recipe, 'the recipe itself stays').toEqual(before)
  })
  test.each(['steps', '=3', '', 'model..layers=2', '.steps=2', 'steps.=1', '__proto__.polluted=1'])(
    '%j is refused',
    (assignment) => {
      expect(() => setFields(recipe, [assignment])).toThrow(expect.objectContaining({ code: 'BAD_SET', kind: 'usage' }))
      expect(({} as { polluted?: number }).polluted).toBeUndefined()
    },
  )
  test('the last of several wins', () => expect(setFields({}, ['steps=1', 'steps=2'])).toEqual({ steps: 2 }))
})
