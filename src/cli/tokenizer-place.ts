/** Where `tokenizer train` may write: never where it would give the ids of a model another meaning. */
import { conflict } from '../base/errors.ts'
import { kindOf, listDirectory, path } from '../base/files.ts'
import { checkDirectory } from './data-files.ts'

/** A model's configuration or weights, or a run with its checkpoints and its text as ids. */
const bound = /^(config\.json|train\.bin|checkpoints|pytorch_model.*\.bin|.+\.gguf|.+\.safetensors(\.index\.json)?)$/

/**
 * Looks at the directory of `--out`; resolves to whether a tokenizer is there, which would be replaced. Throws NOT_A_DIRECTORY, and
 * MODEL_THERE where a model or a run has its tokenizer there.
 */
export async function checkPlace(out: string): Promise<boolean> {
  await checkDirectory('--out', out)
  if ((await kindOf(out)) !== 'directory') return false
  const found = (await listDirectory(out)).find((name) => bound.test(name))
  if (found !== undefined)
    throw conflict(
      'MODEL_THERE',
      `--out ${out}: holds ${found}, so a model is there, and with another tokenizer its ids would no longer mean the same.\nGive a directory of its own.`,
    )
  return (await kindOf(path().join(out, 'tokenizer.json'))) !== undefined
}
