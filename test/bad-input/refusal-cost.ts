/** What refusals cost in processes that have done nothing else: there no memory that earlier work gave back hides the need for more. */
import { execFile } from 'node:child_process'
import { lstatSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ModelDirectory } from './model-files.fixture.ts'
import { type ModelCase, refusalBounds } from './model-files.ts'

export type RefusalCost = {
  readonly name: string
  /** Processor time. */
  readonly milliseconds: number
  /** Growth of the process's memory. */
  readonly bytes: number
  /** Of the largest file in the directory. */
  readonly fileBytes: number
  readonly bound: { readonly milliseconds: number; readonly bytes: number }
}

const program = fileURLToPath(new URL('refuse.ts', import.meta.url))

/** From this size on a case gets a process of its own. */
const large = 1 << 20

/** The dearest of some refusals of each case, in the order of the cases. */
export async function refusalCosts(cases: readonly ModelCase[], repeats: number): Promise<RefusalCost[]> {
  const made = cases.map((each) => {
    const model = new ModelDirectory()
    each.build(model)
    const fileBytes = Math.max(0, ...readdirSync(model.path).map((file) => lstatSync(model.at(file)).size))
    return { ...each, model, fileBytes, path: each.open === undefined ? model.path : model.at(each.open) }
  })
  try {
    const small = made.filter(({ fileBytes }) => fileBytes < large)
    const groups = [
      ...(small.length ? [small] : []),
      ...made.filter((each) => !small.includes(each)).map((each) => [each]),
    ]
    const costs = new Map<string, RefusalCost>()
    for (const group of groups) {
      const argv = ['--import', import.meta.resolve('tsx'), program, String(repeats), ...group.map(({ path }) => path)]
      const { stdout } = await promisify(execFile)(process.execPath, argv)
      for (const [i, line] of stdout.trimEnd().split('\n').entries()) {
        const { name, milliseconds, fileBytes } = group[i]!
        const bound = { ...refusalBounds, ...(milliseconds && { milliseconds }) }
        costs.set(name, { name, fileBytes, bound: { ...bound, bytes: bound.bytes + fileBytes }, ...JSON.parse(line) })
      }
    }
    return cases.map(({ name }) => costs.get(name)!)
  } finally {
    for (const { model } of made) model.dispose()
  }
}
