/** A run that was cut, for tests of going on with it. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freshDirectory, inFreshDirectory, outcomeOf, runAll, tiny } from './train.suite.ts'

/** A run of `tiny` cut after step 9 that holds the checkpoints of steps 8 and 9, and what the same run leaves undisturbed. */
export async function openCutRun() {
  const { out: parent, remove } = freshDirectory()
  const [whole, cut] = [join(parent, 'whole'), join(parent, 'cut')]
  await runAll(tiny, { out: whole })
  await runAll(tiny, { out: cut, stop: (event) => event.type === 'step' && event.step === 9 })
  return {
    cut,
    undisturbed: outcomeOf(whole, tiny.steps!),
    /** Calls `use` with a copy of the cut run. */
    withCopy: (use: (out: string) => Promise<void>) =>
      inFreshDirectory(async (out) => {
        cpSync(cut, out, { recursive: true })
        await use(out)
      }),
    remove,
  }
}

/** Changes one bit of byte `at`. */
export function flip(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes[at]! ^= 1 << (at % 8)
  writeFileSync(file, bytes)
}
