/** A limit that ONNX Runtime sets to the command line of the whole process. */
import { fs } from '../../base/files.ts'
import type { NativeProblem } from './library.ts'

/**
 * ONNX Runtime 1.30 reads the process's command line when its environment is made and matches it recursively, which overflows its
 * stack, and ends the process, somewhere between 20,000 and 50,000 bytes.
 */
const mostBytes = 18_000

/** Bytes of the command line of this process, however Node was called. */
function commandLineBytes(): number {
  try {
    return fs().readFileSync('/proc/self/cmdline').length
  } catch {
    const words = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
    return words.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0)
  }
}

/** Why the native runtime cannot start in this process, if its command line is too long. */
export function commandLineProblem(bytes: number = commandLineBytes()): NativeProblem | undefined {
  if (bytes <= mostBytes) return undefined
  return {
    problem: `the command line of this process has ${bytes} bytes, and ONNX Runtime crashes on more than about ${mostBytes}`,
    mend: 'give long texts in files or on stdin, not as arguments',
  }
}
