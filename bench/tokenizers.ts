/** Tokenizers in turns with their peers: encoding with three kinds of vocabularies, learning one, and texts of equal characters. */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { worldText } from '../src/datasets/world/index.ts'
import { type Benchmark, type BenchmarkOptions, need } from './benchmark.ts'
import { compareEncoding } from './tokenizers/encoding.ts'
import { equalCharacters } from './tokenizers/equal-characters.ts'
import { compareLearning } from './tokenizers/learning.ts'
import { type Kind, peersOf } from './tokenizers/sides.ts'

/** The text to encode: the one given, tiny Shakespeare of a nanoGPT checkout, or the built-in one. */
function writeText({ text, nanogpt }: BenchmarkOptions, file: string): string {
  const shakespeare = nanogpt && join(nanogpt, 'data/shakespeare_char/input.txt')
  const from = text ? need(text, 'The text', 'pass another one as --text or TEXT') : shakespeare
  if (from && existsSync(from)) {
    copyFileSync(from, file)
    return from
  }
  writeFileSync(file, worldText({ seed: 1, bytes: 1 << 20 }))
  return 'the built-in text'
}

const parts = [...(Object.keys(peersOf) as Kind[]), 'learning', 'equal characters'] as const

export const tokenizers: Benchmark = {
  name: 'tokenizers',
  description:
    'encoding and learning against gpt-tokenizer, tiktoken and Hugging Face (Rust and JavaScript); equal characters',
  async run(options, log) {
    const work = mkdtempSync(join(tmpdir(), 'pellucid-bench-'))
    try {
      const file = join(work, 'text.txt')
      const from = writeText(options, file)
      const text = readFileSync(file, 'utf8')
      log(
        `${cpus()[0]?.model.trim()}, load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}; ${from}, ${text.length} characters`,
      )
      log(
        'Medians (and quartiles) of rounds in turn. Warm: the encoder has seen the text, cold: it is new, in a process that is not.',
      )
      log(
        'Ours gives tokens and offsets too, as Hugging Face (Rust) does; both keep pieces that they have seen, as gpt-tokenizer does.',
      )
      const asked = parts.filter((part) => options.modes?.includes(part.split(' ')[0]!.toLowerCase()) ?? true)
      const results = []
      for (const part of asked) {
        if (part === 'learning') results.push(await compareLearning({ file, text, work, options }, log))
        else if (part === 'equal characters') results.push(await equalCharacters(log))
        else results.push(await compareEncoding(part, { file, text, work, options }, log))
      }
      return results
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  },
}
