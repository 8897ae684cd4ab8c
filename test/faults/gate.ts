/** Stops a run right before a file operation of one's choice, so that a fault meets it there every time. */
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type Conditions, type Running, start } from './run.ts'

/** The first file operation on a path that contains `at`, once `after` was printed. */
export type Moment = { readonly after: string; readonly at: string }

export type Held = Running & {
  /** Lets the run go on. */
  open(): void
}

const preload = fileURLToPath(new URL('gate.mjs', import.meta.url))

/** Starts `pellucid` and resolves when it has come to the moment; until `open` it does nothing more. Rejects if it never does. */
export async function startHeld(
  argv: readonly string[],
  { after, at }: Moment,
  conditions: Conditions = {},
): Promise<Held> {
  const running = start(argv, {
    ...conditions,
    node: ['--import', preload, ...(conditions.node ?? [])],
    env: { ...conditions.env, PELLUCID_GATE_AT: at, PELLUCID_GATE_AFTER: after },
  })
  const pipe = running.child.stdio[3] as Duplex
  await new Promise<void>((resolve, reject) => {
    pipe.once('data', () => resolve())
    running.finished.then(({ stderr }) => reject(new Error(`The command ended before the moment. ${stderr}`)), reject)
  })
  return { ...running, open: () => void pipe.write('\n') }
}
