/** What is wrong with a command line as a whole, before any of its words is read: bytes that are no text, and too many of them. */
import { usageError } from '../base/errors.ts'
import { fs } from '../base/files.ts'
import { invalidUtf8At } from '../base/utf8.ts'
import { oneLine, quoted } from './quote.ts'

/**
 * Bytes of all arguments together beyond which a command that runs a model is refused: see `commandLineProblem` of the native runtime,
 * which has the same limit for the process as a whole, with some room for how Node was called.
 */
const mostBytes = 16_000

/** Refuses a command line that ONNX Runtime could not bear. Throws TOO_LONG. */
export function checkLength(argv: readonly string[]): void {
  const bytes = argv.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0)
  if (bytes <= mostBytes) return
  const longest = argv.reduce((a, b) => (b.length > a.length ? b : a), '')
  throw usageError(
    'TOO_LONG',
    `The arguments have ${bytes} bytes together (${quoted(longest, 40)}), expected at most ${mostBytes}.\nGive a long text as a file, with --prompt-file for instance.`,
  )
}

/**
 * Refuses arguments that are not UTF-8: Node reads what is not as U+FFFD, so another file would be meant, or another text. Only Linux
 * shows the bytes as they were given. Throws BAD_ARGUMENT.
 */
export function checkEncoding(argv: readonly string[]): void {
  const damaged = argv.find((word) => word.includes('\ufffd'))
  if (damaged === undefined || !fs().existsSync('/proc/self/cmdline')) return
  if (invalidUtf8At(fs().readFileSync('/proc/self/cmdline')) < 0) return
  throw usageError(
    'BAD_ARGUMENT',
    `The argument '${oneLine(damaged)}' is not UTF-8.\nRename the file, or give a text in a file, which --lossy reads.`,
  )
}
