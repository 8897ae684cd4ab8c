/** Ways to write on: `npx tsx examples/5-decoding.ts [DIR]`, after the first example. */
import { type LogitsProcessor, loadModel, type Sampler } from 'pellucid'

const [directory = 'runs/example'] = process.argv.slice(2)
const model = await loadModel(directory, { quantize: 'int8' }) // 8 bits a weight; leave it out for whole weights
const prompt = 'The dog is in the'

// Several prompts share the model's steps, and each gets the text that it gets alone.
const drawn = await model.complete([prompt, 'Anna'], { temperature: 0.8, topP: 0.9, maxNewTokens: 20, seed: 1 })
for (const { prompt: number, text } of drawn.sequences) console.log(`drawn ${number}: ${text.trim()}`)

// The likeliest texts, not the likeliest token each time.
const searched = await model.complete(prompt, { beams: 4, returned: 2, maxNewTokens: 12 })
for (const { text, score } of searched.sequences) console.log(`beam ${score.toFixed(3)}: ${text.trim()}`)

// Only what a regular expression allows; `jsonSchema` and `grammar` work alike.
const formed = await model.complete('Anna has', { regex: ' (two|three) [a-z]{3,8}s', maxNewTokens: 20, seed: 2 })
console.log(`of a form: Anna has${formed.sequences[0]!.text}`)

// How probable each token was, and what else could have come.
const [judged] = (await model.complete(prompt, { temperature: 0, maxNewTokens: 3, logprobs: 3 })).sequences
for (const { text, alternatives } of judged!.tokens!)
  console.log(`${JSON.stringify(text)} among ${alternatives.map((other) => JSON.stringify(other.text)).join(' ')}`)

// A processor changes the logits, a sampler chooses from them: any function will do.
const space = model.tokenizer!.encode(' ').ids[0]!
const noSpaces: LogitsProcessor = (logits) => {
  logits[space] = Number.NEGATIVE_INFINITY
}
const second: Sampler = (logits) => logits.indexOf([...logits].sort((a, b) => b - a)[1]!)
const own = await model.complete(prompt, { processors: [noSpaces], sampler: second, maxNewTokens: 12 })
console.log(`by rules of our own: ${own.sequences[0]!.text.trim()}`)
await model.dispose()
