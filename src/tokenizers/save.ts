/** Writes tokenizer directories as Hugging Face reads them. */
import { ensureDirectory, writeJson, writeText } from '../base/atomic.ts'
import { path } from '../base/files.ts'
import { configJson } from './config.ts'
import type { Tokenizer } from './tokenizer.ts'

/** Writes tokenizer.json and tokenizer_config.json. Further files are left as they are. */
export async function saveTokenizer(tokenizer: Tokenizer, directory: string): Promise<void> {
  await ensureDirectory(directory)
  const at = (name: string) => path().join(directory, name)
  // On one line: tens of thousands of merges would take four lines each.
  await writeText(at('tokenizer.json'), `${JSON.stringify(tokenizer.toJSON())}\n`)
  await writeJson(at('tokenizer_config.json'), configJson(tokenizer.named, tokenizer.stages.config ?? {}))
}
