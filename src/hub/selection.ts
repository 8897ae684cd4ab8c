/** Which files of a repository are downloaded: those that a model needs, or those that the user's patterns pick. */
import { fileError, usageError } from '../base/errors.ts'
import { someOf } from '../base/list.ts'
import type { RemoteFile } from './listing.ts'

/** A configuration, weights as safetensors in one file or in shards, a tokenizer in any of its forms, and how to talk with it. */
const needed = [
  'config.json',
  'generation_config.json',
  'model.safetensors',
  'model.safetensors.index.json',
  'model-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9].safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'vocab.txt',
  'encoder.json',
  'vocab.bpe',
  'spiece.model',
  'tokenizer.model',
  'sentencepiece.bpe.model',
  'sentencepiece.model',
  'spm.model',
  'source.spm',
  'target.spm',
  'chat_template.jinja',
  'chat_template.json',
  'preprocessor_config.json',
]

/** Files that a model has beside its configuration and its weights. */
export const companionFiles: ReadonlySet<string> = new Set(
  needed.filter((name) => name !== 'config.json' && !name.includes('.safetensors')),
)

const single = 'model.safetensors'
const isShard = (path: string): boolean => /^model(-\d{5}-of-\d{5}\.safetensors|\.safetensors\.index\.json)$/.test(path)

/** A pattern as Python's `fnmatch` reads it: `*` stands for anything, slashes included, `?` for one character, `[…]` for one of some. */
export function globPattern(glob: string): RegExp {
  const whole = glob.endsWith('/') ? `${glob}*` : glob
  const source = whole.replace(/\[(!?)([^\]]+)\]|[\s\S]/g, (part, not?: string, set?: string) => {
    if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\^\]]/g, '\\$&')}]`
    return part === '*' ? '[\\s\\S]*' : part === '?' ? '[\\s\\S]' : part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  })
  try {
    return new RegExp(`^${source}$`, 'u')
  } catch {
    throw usageError('BAD_VALUE', `'${glob}' is not a pattern of file names, such as '*.json'.`)
  }
}

export type Patterns = { readonly include?: readonly string[]; readonly exclude?: readonly string[] }

/**
 * The files to download: what a model needs, or what `include` names instead, without what `exclude` names. Throws NO_FILES when
 * nothing is left, NO_WEIGHTS when the repository has none that can be read.
 */
export function selectFiles(
  files: readonly RemoteFile[],
  name: string,
  { include = [], exclude = [] }: Patterns,
): RemoteFile[] {
  const matching = (globs: readonly string[]) => {
    const patterns = globs.map(globPattern)
    return (path: string) => patterns.some((pattern) => pattern.test(path))
  }
  const wanted = matching(include.length ? include : needed)
  const unwanted = matching(exclude)
  const chosen = files.filter(({ path }) => wanted(path) && !unwanted(path))
  const there = someOf(
    files.map(({ path }) => path),
    6,
  )
  if (include.length) {
    if (chosen.length) return chosen
    throw usageError('NO_FILES', `${name}: no file fits the patterns.\nIt holds ${there || 'nothing'}.`)
  }
  // As in a model directory, one file counts where both forms are there.
  const whole = files.some(({ path }) => path === single)
  const kept = whole ? chosen.filter(({ path }) => !isShard(path)) : chosen
  if (!files.some(({ path }) => path === single || isShard(path)))
    throw fileError(
      'NO_WEIGHTS',
      `${name}: holds no weights as safetensors, which alone are read here; it holds ${there || 'nothing'}.\n` +
        "To download other files, name them: --include '*.json'",
    )
  if (kept.length) return kept
  throw usageError('NO_FILES', `${name}: --exclude leaves no file to download.`)
}
