/** Trains a small GPT-2 on the built-in world and writes with it: `npx tsx examples/1-train-and-sample.ts [DIR] [STEPS]`. */
import { loadModel, type RecipeInput, train } from 'pellucid'

const [out = 'runs/example', steps = '300'] = process.argv.slice(2)

const recipe: RecipeInput = {
  model: { layers: 2, heads: 4, width: 128 },
  tokenizer: { type: 'bpe', vocabularySize: 1024 },
  data: { bytes: 500_000 },
  contextLength: 64,
  steps: Number(steps),
  optimizer: { name: 'adamw', learningRate: 0.003 },
  evaluation: { every: Math.ceil(Number(steps) / 6), batches: 8 },
}

for await (const event of train(recipe, { out })) {
  if (event.type === 'start') console.log(`${event.parameters} parameters, ${event.trainTokens} tokens to learn from`)
  if (event.type === 'evaluation') console.log(`step ${event.step}: validation loss ${event.loss.toFixed(3)}`)
}

// The directory is an ordinary Hugging Face model; three texts go on from three beginnings at once.
const model = await loadModel(out)
const prompts = ['Anna', 'The dog', 'On Monday']
const { sequences } = await model.complete(prompts, { maxNewTokens: 40, temperature: 0.8 })
for (const [i, { text }] of sequences.entries()) console.log(`\n${prompts[i]}${text}`)
await model.dispose()
