/** System calls of a run: written down, counted, and made to fail or to be the last. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startHeld } from './gate.ts'
import { type Finished, type Runs, small, trainArguments } from './run.ts'

/** Every system call by which a program changes what a disk holds, and those around them. */
const fileCalls = [
  ...[
    'open',
    'openat',
    'creat',
    'close',
    'write',
    'writev',
    'pwrite64',
    'pwritev',
    'ftruncate',
    'truncate',
    'fallocate',
  ],
  ...[
    'fsync',
    'fdatasync',
    'sync_file_range',
    'rename',
    'renameat',
    'renameat2',
    'link',
    'linkat',
    'unlink',
    'unlinkat',
  ],
  ...['mkdir', 'mkdirat', 'rmdir', 'copy_file_range', 'sendfile', 'read', 'pread64', 'getdents64', 'io_uring_enter'],
]

/**
 * A part of a run's life: from its first file operation on a path with `at` (in its directory) once `after` was printed, until
 * `until` is printed.
 */
export type Section = { readonly name: string; readonly after: string; readonly at: string; readonly until: string }

/** Where a run writes: its text as tokens, the best model so far, a checkpoint that replaces an older one. */
export const sections = [
  { name: 'preparation', after: '', at: '', until: '"type":"start"' },
  { name: 'best model', after: '"type":"step","step":3,', at: '', until: '"type":"evaluation"' },
  { name: 'save', after: '"type":"step","step":4,', at: 'checkpoints', until: '"type":"checkpoint"' },
] as const satisfies Section[]
export const save = sections[2]

/** A system call, with OUT for the run's directory, UP for the one above and PID for the process, so that calls of two runs compare. */
export type Call = {
  readonly name: string
  readonly args: string
  readonly result: string
  /** The file or directory that it is about; undefined for pipes, terminals and the like. */
  readonly path: string | undefined
  /** Which call of its name on its path this is in its thread, from 1 on: as strace counts. */
  readonly nth: number
}

/** What strace does to a call: `signal=KILL`, `error=ENOSPC`, `retval=1000`. */
export type Injection = { readonly call: Call; readonly effect: string }

export type Traced = Finished & { readonly out: string; readonly calls: readonly Call[] }

/** Why processes cannot be traced here, or undefined. */
export function whyNoStrace(): string | undefined {
  if (process.platform !== 'linux') return 'strace is a program of Linux'
  const { error, status } = spawnSync('strace', ['-e', 'trace=none', 'true'])
  if (error) return 'strace is not installed'
  return status === 0 ? undefined : 'processes may not be traced here'
}

/** Trains the small recipe and traces a section, perhaps with a call of it (as an earlier trace gave it) tampered with. */
export async function traced(runs: Runs, section: Section, injection?: Injection): Promise<Traced> {
  const out = runs.place(section.name.replace(' ', '-'))
  const log = `${out}.strace`
  const moment = { after: section.after, at: join(out, section.at) }
  // One thread for file work keeps it in one order.
  const env = { UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' }
  const held = await startHeld(trainArguments(out, small), moment, { env })
  const pid = String(held.child.pid)
  const options = ['-f', '-y', '-s', '80', '-o', log, '-e', `trace=${fileCalls.map((name) => `?${name}`)}`]
  if (injection) {
    const { name, path, nth } = injection.call
    options.push('-P', path!.replace(/^OUT/, out).replace(/^UP/, dirname(out)).replace('PID', pid))
    options.push('-e', `inject=${name}:${injection.effect}:when=${nth}`)
  }
  const tracer = spawn('strace', [...options, '-p', pid], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => tracer.on('close', () => resolve()))
  try {
    await attached(tracer)
  } catch (error) {
    held.child.kill('SIGKILL')
    throw error
  }
  held.open()
  const finished = await held.finished
  await ended
  return { ...finished, out, calls: parseTrace(readFileSync(log, 'utf8'), out, pid) }
}

/** Resolves when strace says that it holds all threads of the process. */
function attached(tracer: ChildProcess): Promise<void> {
  let said = ''
  return new Promise((resolve, reject) => {
    tracer.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (/ attached/.test(said)) resolve()
    })
    tracer.on('error', reject)
    tracer.on('close', () => reject(new Error(`strace could not attach: ${said}`)))
  })
}

/** Reads what strace wrote: calls in the order in which they ended; the last may have had no end. */
export function parseTrace(log: string, out: string, pid: string): Call[] {
  const begun = new Map<string, string>()
  const counts = new Map<string, number>()
  const plain = (text: string) =>
    text
      .replaceAll(out, 'OUT')
      .replaceAll(`<${dirname(out)}>`, '<UP>')
      .replaceAll(new RegExp(`(?<=[.-])${pid}(?![0-9])`, 'g'), 'PID')
  return log.split('\n').flatMap((line) => {
    const [, thread, text] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (!thread || !text) return []
    if (text.endsWith(' <unfinished ...>')) {
      begun.set(thread, text.slice(0, text.lastIndexOf(' <unfinished')))
      return []
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)
    const [, name, rawArgs, result] =
      /^(\w+)\((.*)\) += (.*)$/.exec(resumed ? begun.get(thread) + resumed[1]! : text) ?? []
    if (!name) return []
    const args = plain(rawArgs!)
    const path = /^\d+<((?:OUT|UP)[^>]*)>/.exec(args)?.[1] ?? /^[^"]*"(OUT[^"]*)"/.exec(args)?.[1]
    const key = `${thread} ${name} ${path}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
    return [{ name, args, result: result!, path, nth: counts.get(key)! }]
  })
}

/** The calls before the one that prints the end of a section. */
export function callsUntil(calls: readonly Call[], until: string): Call[] {
  const printed = until.replaceAll('"', '\\"')
  const end = calls.findIndex(({ name, args }) => name.startsWith('write') && args.includes(printed))
  if (end < 0) throw new Error(`The trace holds no write of ${until}.`)
  return calls.slice(0, end)
}
