/** What every head looks at, and what each layer already knows: `npx tsx examples/3-look-inside.ts [DIR]`, after the first example. */
import { loadModel, type NdArray } from 'pellucid'

const [directory = 'runs/example'] = process.argv.slice(2)
const model = await loadModel(directory)
const ids = model.tokenizer!.encode('The dog is in the').ids
const words = ids.map((id) => model.tokenizer!.decode([id]))

// Any value has a path; patterns ask for several. `attentions` and `hidden_states` are named as in Hugging Face.
const result = await model.run({ input_ids: [[...ids]] }, { capture: ['attentions', 'transformer.h.*.mlp'] })

const last = ids.length - 1
console.log(`Where the heads look from "${words[last]}":`)
for (const [layer, { shape, data }] of result.attentions!.entries()) {
  const [, heads, queries, keys] = shape as [number, number, number, number] // [batch, head, query, key]
  for (let head = 0; head < heads; head++) {
    const row = (head * queries + last) * keys
    const shares = words.map((word, key) => `${word} ${(100 * Number(data[row + key])).toFixed(0)}%`)
    console.log(`  layer ${layer} head ${head}: ${shares.join(' ')}`)
  }
}

console.log('\nHow much each block adds to the stream:')
const norm = ({ data }: NdArray) => Math.sqrt((data as Float32Array).reduce((sum, x) => sum + x * x, 0))
for (const [path, array] of Object.entries(result.captured))
  console.log(`  ${path}  [${array.shape.join(', ')}]  norm ${norm(array).toFixed(2)}`)
await model.dispose()
