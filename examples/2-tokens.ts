/** How a text becomes numbers and comes back: `npx tsx examples/2-tokens.ts [DIR]`, after the first example. */
import { loadTokenizer } from 'pellucid'

const [directory = 'runs/example'] = process.argv.slice(2)
const tokenizer = await loadTokenizer(directory)
const text = 'Anna fed the dog. 🐶'

// Each token knows where it lies in the text; a character may be spread over several tokens.
const { ids, offsets } = tokenizer.encode(text)
for (const [i, id] of ids.entries()) {
  const [start, end] = offsets[i]!
  console.log(String(id).padStart(5), JSON.stringify(text.slice(start, end)))
}
console.log(`${text.length} UTF-16 units, ${ids.length} tokens of ${tokenizer.vocabSize}`)

console.log(tokenizer.decode(ids) === text ? 'Decoding gives the text back.' : 'Something was lost!')

// What looks like a special token in a user's text is refused, unless one says how it is meant.
const dangerous = 'The end.<|endoftext|>'
try {
  tokenizer.encode(dangerous)
} catch (error) {
  console.log((error as Error).message)
}
for (const special of ['text', 'parse'] as const)
  console.log(`as ${special}: ${tokenizer.encode(dangerous, { special }).ids.length} tokens`)
