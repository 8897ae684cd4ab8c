/** Training runs as processes: started, watched, killed, gone on with; and every byte that they leave. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import type { TrainEvent } from '../../src/training/events.ts'
import type { RecipeInput } from '../../src/training/recipe.ts'
import { tiny } from '../../src/training/train.suite.ts'

/** `npm run test:faults` tries everything; `npm test` a fixed part of it. */
export const exhaustive = process.env.MODE === 'faults'

// A busy machine may hold processes up for long; what must be quick is measured by itself.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

/** The command as it is installed. */
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Half a second of everything that a run does: dropout, accumulation, clipping, warm-up, decay, evaluations, samples, saves. */
export const small: RecipeInput = {
  ...tiny,
  steps: 6,
  evaluation: { every: 3, batches: 2, train: true },
  checkpoint: { every: 2, keep: 1 },
  samples: { every: 3, tokens: 4 },
}

export type Conditions = {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** What stands before the program's file: options of Node. */
  readonly node?: readonly string[]
  /** A program that starts the command, such as `bash -c …`; it finds the command line behind its own. */
  readonly wrapper?: readonly string[]
}

export type Finished = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly milliseconds: number
}

export type Running = {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  /** Resolves when the text is on stdout; rejects if the process ends without it. */
  printed(text: string): Promise<void>
}

/** Starts `pellucid` with these arguments in a process of its own. */
export function start(argv: readonly string[], { env, cwd, node = [], wrapper = [] }: Conditions = {}): Running {
  if (!existsSync(main)) throw new Error('There is no dist/ to test: npm run build.')
  const began = performance.now()
  const [command, ...rest] = [...wrapper, process.execPath, ...node, main, ...argv]
  const child = spawn(command!, rest, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text
      for (const look of waiting) look()
    })
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, ...written, milliseconds: performance.now() - began }))
  })
  return {
    child,
    finished,
    printed: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (written.stdout.includes(text)) resolve()
        }
        look()
        waiting.add(look)
        finished.then(() => {
          look()
          reject(new Error(`The process ended without printing ${text}. ${written.stderr}`))
        }, reject)
      }),
  }
}

/** Arguments of `train` for a recipe, kept as a file beside the run's directory. */
export function trainArguments(out: string, recipe: RecipeInput): string[] {
  const file = `${out}.recipe.json`
  writeFileSync(file, JSON.stringify(recipe))
  return ['train', '--recipe', file, '--out', out, '--json']
}

/** Goes on with a run as its owner would: `--resume`, or from the start where nothing was begun yet. */
export async function goOn(out: string, recipe: RecipeInput, conditions?: Conditions): Promise<Finished> {
  const argv = trainArguments(out, recipe)
  const resumed = await start([...argv, '--resume'], conditions).finished
  return resumed.code === 2 && resumed.stderr.includes('holds no run to resume')
    ? await start(argv, conditions).finished
    : resumed
}

export const eventsOf = ({ stdout }: Finished): TrainEvent[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

/** What the clock says may differ between runs; it has a file to itself. */
const clockFiles = ['timing.jsonl']

/** Every file below a directory with the hash of its bytes: two runs that did the same leave the same. */
export function bytesOf(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !clockFiles.includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort()
  const hash = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(directory, file)))
      .digest('hex')
  return Object.fromEntries(files.map((file) => [file, hash(file)]))
}

export type Runs = ReturnType<typeof openRuns>

/** A folder for runs, and what an undisturbed run of a recipe leaves, found once. */
export function openRuns() {
  const folder = mkdtempSync(join(tmpdir(), 'pellucid-faults-'))
  const known = new Map<string, Promise<Record<string, string>>>()
  let count = 0
  /** A path in the folder that is not there yet. */
  const place = (name = 'run') => join(folder, `${name}-${count++}`)
  async function undisturbed(recipe: RecipeInput): Promise<Record<string, string>> {
    const out = place('undisturbed')
    const { code, stderr } = await start(trainArguments(out, recipe)).finished
    if (code !== 0) throw new Error(`The undisturbed run failed: ${stderr}`)
    return bytesOf(out)
  }
  return {
    folder,
    place,
    undisturbed(recipe: RecipeInput): Promise<Record<string, string>> {
      const key = JSON.stringify(recipe)
      if (!known.has(key)) known.set(key, undisturbed(recipe))
      return known.get(key)!
    },
    /** Removes a run and its recipe when nobody needs to look at it any more. */
    remove: (out: string) => {
      for (const path of [out, `${out}.recipe.json`]) rmSync(path, { recursive: true, force: true })
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
