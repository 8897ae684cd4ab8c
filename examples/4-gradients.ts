/** Which weights a sentence would change: `npx tsx examples/4-gradients.ts [DIR]`, after the first example. */
import { loadModel, type NdArray } from 'pellucid'

const [directory = 'runs/example'] = process.argv.slice(2)
const model = await loadModel(directory)
const norm = ({ data }: NdArray) => Math.sqrt((data as Float32Array).reduce((sum, x) => sum + x * x, 0))

// The same graph that computes the loss was differentiated; labels are the tokens themselves, moved by one inside.
for (const sentence of ['The dog is in the garden.', 'Garden the in is dog the.']) {
  const ids = [[...model.tokenizer!.encode(sentence).ids]]
  const { loss, gradients } = await model.run({ input_ids: ids, labels: ids }, { gradients: true })
  console.log(`\n"${sentence}" costs ${Number(loss!.data[0]).toFixed(3)} nats a token; it pulls most at`)
  const strongest = Object.entries(gradients!).sort(([, a], [, b]) => norm(b) - norm(a))
  for (const [name, gradient] of strongest.slice(0, 5)) console.log(`  ${name.padEnd(36)} ${norm(gradient).toFixed(4)}`)
}
await model.dispose()
