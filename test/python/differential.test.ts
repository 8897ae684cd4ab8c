/**
 * Random tokenizers and random texts against Hugging Face tokenizers: ids, tokens, offsets, pairs, decoded text, and a stream of pieces.
 * TEXTS and SEED in the environment choose how many texts of each kind, and which.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type Encoding, PellucidError, type Tokenizer } from '../../src/index.ts'
import { codePointOffsets, parseTokenizer } from '../../src/tokenizers/index.ts'
import { python, whyNot } from './python.ts'

const texts = Number(process.env.TEXTS ?? 400)
const seed = Number(process.env.SEED ?? 1)
const variants = Math.max(20, Math.round(texts / 250))
const script = fileURLToPath(new URL('differential.py', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'differential-'))
afterAll(() => rmSync(folder, { recursive: true }))

const problem = whyNot('tokenizers')
beforeEach((context) => context.skip(problem !== undefined, problem))

/** What Python writes of a text or a pair. */
type Answer = {
  text: string | [string, string]
  ids: number[]
  offsets: number[][]
  tokens: string[]
  type_ids: number[]
  special_tokens_mask: number[]
  attention_mask: number[]
  overflowing: number[][]
}
type Decoded = { bare: number[]; all: string; plain: string; random: number[]; said: string }
type Refused = Pick<Answer, 'text'> & ({ error: string } | { panic: string })

/** What differs, by the name of what was compared; undefined if nothing does. */
type Difference = { text: unknown; what: string; got: unknown; expected: unknown }

function compare(text: unknown, pairs: Record<string, [got: unknown, expected: unknown]>): Difference | undefined {
  for (const [what, [got, expected]] of Object.entries(pairs))
    if (JSON.stringify(got) !== JSON.stringify(expected)) return { text, what, got, expected }
  return undefined
}

/** In code points of the first text, or of the second where the token belongs to that. */
function offsetsOf({ offsets }: Encoding, expected: number[][], texts: readonly string[]): number[][] {
  const converts = texts.map(codePointOffsets)
  return offsets.map(([start, end], i) => {
    const options = converts.map((convert) => [convert(start) ?? -1, convert(end) ?? -1])
    return options.find((option) => option.join() === expected[i]?.join()) ?? options[0]!
  })
}

function streamed(tokenizer: Tokenizer, ids: number[]): string {
  const stream = tokenizer.stream()
  return ids.map((id) => stream.push(id)).join('') + stream.flush()
}

function difference(tokenizer: Tokenizer, answer: Answer & Partial<Decoded>): Difference | undefined {
  const { text, ids, offsets, bare, all, plain, random, said } = answer
  const texts = [text].flat()
  const [a = '', pair] = texts
  const encoding = tokenizer.encode(a, { pair, special: 'parse' })
  const found = compare(text, {
    ids: [encoding.ids, ids],
    tokens: [encoding.tokens, answer.tokens],
    offsets: [offsetsOf(encoding, offsets, texts), offsets],
    'type ids': [encoding.typeIds, answer.type_ids],
    'special tokens': [encoding.specialTokensMask, answer.special_tokens_mask],
    attention: [encoding.attentionMask, answer.attention_mask],
    overflowing: [encoding.overflowing.map((part) => part.ids), answer.overflowing],
  })
  if (found || pair !== undefined) return found
  // A template may put in ids that no token has: the library passes over them, we refuse to decode them.
  const known = ids.filter((id) => tokenizer.tokenOf(id) !== undefined)
  return compare(text, {
    'ids without special tokens': [tokenizer.encode(a, { special: 'parse', addSpecialTokens: false }).ids, bare],
    decoded: [tokenizer.decode(known), all],
    'decoded without special tokens': [tokenizer.decode(known, { skipSpecialTokens: true }), plain],
    streamed: [streamed(tokenizer, known), all],
    'decoded at random': [tokenizer.decode(random!), said],
  })
}

/** A text that the library refuses, if we do not. */
function accepted(
  tokenizer: Tokenizer,
  { text, error }: Pick<Answer, 'text'> & { error: string },
): Difference | undefined {
  const [a = '', pair] = [text].flat()
  try {
    return { text, what: 'refused', got: tokenizer.encode(a, { pair, special: 'parse' }).ids, expected: error }
  } catch (problem) {
    if (problem instanceof PellucidError) return undefined
    throw problem
  }
}

describe.each(['characters', 'words', 'byte-level BPE', 'BPE', 'WordPiece', 'Unigram'])('%s', (kind) => {
  test(`${variants} tokenizers, ${texts} texts`, { timeout: 60_000 + texts * 100 }, () => {
    const words = [script, folder, kind, `${texts}`, `${variants}`, `${seed}`]
    // Where the library panics it says so at length.
    const env = { ...process.env, RUST_BACKTRACE: '0' }
    const made = spawnSync(python, words, { encoding: 'utf8', env, maxBuffer: 2 ** 30 })
    expect(made.status, made.stderr).toBe(0)
    const differences: (Difference & { variant: number })[] = []
    let compared = 0
    for (let variant = 0; variant < variants; variant++) {
      const path = join(folder, `${kind}-${variant}`)
      const tokenizer = parseTokenizer(JSON.parse(readFileSync(`${path}.json`, 'utf8')), { file: `${path}.json` })
      for (const line of readFileSync(`${path}.jsonl`, 'utf8').trimEnd().split('\n')) {
        const answer = JSON.parse(line) as Answer | Refused
        if ('panic' in answer) continue
        compared++
        const found = 'error' in answer ? accepted(tokenizer, answer) : difference(tokenizer, answer)
        if (found) differences.push({ variant, ...found })
      }
    }
    expect(differences.slice(0, 5)).toEqual([])
    expect(compared).toBeGreaterThan(0.9 * texts)
  })
})
