/**
 * The split patterns that tiktoken's vocabularies were published with, in the spelling of tokenizer.json.
 *
 * tiktoken's own spelling is for Rust's fancy-regex. Where the two dialects differ the pattern is spelled so that Oniguruma does
 * what fancy-regex does: `{1,3}+` is possessive only there, and `$` is the end of the text there but of a line here.
 */
import { cl100kPattern, gpt2Pattern } from './scanners.ts'

export { cl100kPattern }

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
const upper = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]'
const lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]'

/** o200k (GPT-4o): words end where a capital letter follows a small one. */
export const o200kPattern = [
  `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${contractions}`,
  `[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${contractions}`,
  '\\p{N}{1,3}',
  ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*',
  '\\s*[\\r\\n]+',
  '\\s+(?!\\S)',
  '\\s+',
].join('|')

/** By tiktoken's name of the encoding. The first four were trained on GPT-2's pieces. */
export const tiktokenPatterns: Readonly<Record<string, string>> = {
  gpt2: gpt2Pattern,
  r50k_base: gpt2Pattern,
  p50k_base: gpt2Pattern,
  p50k_edit: gpt2Pattern,
  cl100k_base: cl100kPattern,
  o200k_base: o200kPattern,
  o200k_harmony: o200kPattern,
}
