/** The time for a million equal characters, and its growth when their number doubles, for every kind of tokenizer. */
import { readdirSync } from 'node:fs'
import { loadTokenizer, type Tokenizer } from '../../src/tokenizers/index.ts'
import { median, table } from '../benchmark.ts'

const folder = new URL('../../test/oracles/data/tokenizers/', import.meta.url)
const characters = ['x', '0', '^', '\n', ' ', '😀']
const long = 1_000_000
const short = 100_000
const rounds = 15
/** Most seconds for the long text, and most times as long for twice the short one. */
const aims = { seconds: 2, growth: 2.5 }

function seconds(tokenizer: Tokenizer, text: string): number {
  const start = performance.now()
  tokenizer.encode(text)
  return (performance.now() - start) / 1000
}

export async function equalCharacters(log: (line: string) => void) {
  const results: { name: string; character: string; seconds: number; growth: number }[] = []
  for (const name of readdirSync(folder)) {
    const tokenizer = await loadTokenizer(new URL(name, folder).pathname).catch(() => undefined)
    if (!tokenizer) continue
    for (const character of characters) {
      const [once, twice]: [number[], number[]] = [[], []]
      for (let round = 0; round < rounds; round++) {
        once.push(seconds(tokenizer, character.repeat(short)))
        twice.push(seconds(tokenizer, character.repeat(2 * short)))
      }
      results.push({
        name,
        character,
        seconds: seconds(tokenizer, character.repeat(long)),
        // Times of milliseconds jump both ways, by a collection of garbage or by memory that is still in a cache: medians do not.
        growth: median(twice) / median(once),
      })
    }
  }
  const names = [...new Set(results.map(({ name }) => name))]
  const cells = (name: string) =>
    characters.map((character) => {
      const found = results.find((result) => result.name === name && result.character === character)!
      return `${found.seconds.toFixed(2)} s ×${found.growth.toFixed(2)}`
    })
  log(
    `\n${long.toLocaleString('en')} equal characters [${aims.seconds} s], and growth from ${short} to twice that [×${aims.growth}]`,
  )
  log(
    table([
      ['', ...characters.map((character) => JSON.stringify(character))],
      ...names.map((name) => [name, ...cells(name)]),
    ]),
  )
  const missed = results.filter(({ seconds, growth }) => seconds > aims.seconds || growth > aims.growth)
  log(
    missed.length === 0
      ? 'ok'
      : `MISSED by ${missed.map(({ name, character }) => `${name} ${JSON.stringify(character)}`).join(', ')}`,
  )
  return results
}
