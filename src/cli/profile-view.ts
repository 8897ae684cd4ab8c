/** A profile of a training step as tables for a terminal: stages, ops, and the tree of modules; and as JSON. */
import type { ProfileRow, Stages, StepProfile } from '../training/profile.ts'
import type { Recipe } from '../training/recipe.ts'
import { painter } from './color.ts'
import type { Terminal } from './command.ts'
import { count } from './format.ts'
import { truncate } from './layout.ts'

/** A profile with what it is of, and the machine's GFLOP/s of a plain product. */
export type ShownProfile = StepProfile & { readonly recipe: Recipe; readonly runtime: string; readonly gflops: number }

/** What the stages are called. */
const stageNames: { readonly [S in keyof Stages]: string } = {
  forward: 'forward',
  backward: 'backward',
  engine: 'engine, between its nodes',
  calls: 'waiting for the engine',
  masks: 'dropout masks',
  sums: 'sums of gradients',
  batch: 'next batch into place',
  optimizer: 'clipping and optimizer',
}

const gflopsOf = ({ flops, milliseconds }: Pick<ProfileRow, 'flops' | 'milliseconds'>): number =>
  milliseconds > 0 ? flops / 1e6 / milliseconds : 0

/** Time and operations of several rows together. */
function total(rows: readonly ProfileRow[]) {
  const sum = (value: (row: ProfileRow) => number) => rows.reduce((all, row) => all + value(row), 0)
  return {
    calls: sum((row) => row.calls),
    milliseconds: sum((row) => row.milliseconds),
    flops: sum((row) => row.flops),
  }
}

/** Times in milliseconds; shares of the step; `stages` add up to the step, `rows` to its forward and backward. */
export function profileJson({ recipe, runtime, gflops, rows, stages, ...profile }: ShownProfile) {
  const share = (milliseconds: number) => milliseconds / profile.milliseconds
  return {
    runtime,
    gflops,
    ...profile,
    model: recipe.model,
    batch: { rows: recipe.batchSize, tokens: recipe.contextLength, micros: recipe.gradientAccumulation },
    stages: Object.entries(stages).map(([name, milliseconds]) => ({ name, milliseconds, share: share(milliseconds) })),
    rows: rows.map((row) => ({
      ...row,
      share: share(row.milliseconds),
      ...(row.flops > 0 && { gflops: gflopsOf(row) }),
    })),
  }
}

/** A module with those below it. */
type Tree = { readonly rows: ProfileRow[]; readonly members: Set<string>; readonly below: Map<string, Tree> }
const newTree = (): Tree => ({ rows: [], members: new Set(), below: new Map() })

/** The tree of modules; numbered ones (the layers) lie on top of each other. */
function treeOf(rows: readonly ProfileRow[]): Tree {
  const root = newTree()
  for (const row of rows) {
    let at = root
    at.rows.push(row)
    for (const part of row.module === '' ? [] : row.module.split('.')) {
      const name = /^\d+$/.test(part) ? '*' : part
      if (!at.below.has(name)) at.below.set(name, newTree())
      at = at.below.get(name)!
      at.members.add(part)
      at.rows.push(row)
    }
  }
  return root
}

/** Modules below this share of the step are left out of the tree. */
const leastShare = 0.003

type Cells = readonly string[]

/** Lines of a tree: a layer stack is shown with what holds it (`h.* ×12`). */
function treeLines(tree: Tree, cells: (rows: readonly ProfileRow[]) => Cells, least: number): Cells[] {
  const lines: Cells[] = []
  const write = (name: string, { rows, members, below }: Tree, depth: number): void => {
    const stack = below.get('*')
    if (stack && below.size === 1) {
      write(`${name}.*`, stack, depth)
      return
    }
    if (total(rows).milliseconds < least) return
    const times = name.endsWith('*') ? ` ×${members.size}` : ''
    lines.push([`${'  '.repeat(depth)}${name}${times}`, ...cells(rows)])
    for (const [inner, each] of below) write(inner, each, depth + 1)
  }
  for (const [name, each] of tree.below) write(name, each, 0)
  const own = tree.rows.filter(({ module }) => module === '')
  if (total(own).milliseconds >= least) lines.push(['outside of modules', ...cells(own)])
  return lines
}

/** Prints a line, cut at the edge of a terminal but whole in a file. */
type Print = (line?: string, paint?: (text: string) => string) => void

export function showProfile(profile: ShownProfile, terminal: Terminal, top: number): void {
  const paint = painter(terminal.color)
  const columns = terminal.interactive ? terminal.columns : Infinity
  const print: Print = (line = '', painted = (text) => text) => terminal.out(`${painted(truncate(line, columns))}\n`)
  const show = (head: Cells, rows: readonly Cells[]) => {
    const [first, ...others] = aligned([head, ...rows])
    print(first, paint.bold)
    for (const line of others) print(line)
  }
  const { rows, stages, milliseconds: whole, gflops, steps, drawn } = profile
  const share = (milliseconds: number) => `${((100 * milliseconds) / whole).toFixed(1)} %`

  print(titleOf(profile), paint.bold)
  print(
    `quicker half of the steps (${steps}), random tokens; plain matrix product ${gflops.toFixed(0)} GFLOP/s`,
    paint.dim,
  )
  print()
  show(
    ['step', 'ms', 'share', 'GFLOP/s of products'],
    [
      ...Object.entries(stages).map(([name, milliseconds]) => [
        stageNames[name as keyof Stages],
        time(milliseconds),
        share(milliseconds),
        rate(rows.filter(({ direction }) => direction === name)),
      ]),
      ['in all', time(whole), share(whole), rate(rows)],
    ],
  )
  print(`the next batch was drawn meanwhile, in ${time(drawn)} ms`, paint.dim)
  print()
  const ops = groupBy(rows, ({ op, direction }) => `${op || '(added by the engine)'}, ${direction}`)
  const sorted = [...ops].sort((a, b) => total(b[1]).milliseconds - total(a[1]).milliseconds)
  show(
    ['op', 'ms', 'share', 'GFLOP/s', 'calls', 'kernels'],
    sorted.slice(0, top).map(([name, some]) => {
      const { calls, milliseconds } = total(some)
      return [name, time(milliseconds), share(milliseconds), rate(some), calls.toFixed(0), kernelsOf(some)]
    }),
  )
  if (sorted.length > top) {
    const rest = total(sorted.slice(top).flatMap(([, some]) => some)).milliseconds
    print(`and ${sorted.length - top} more: ${time(rest)} ms, ${share(rest)} (--top ${sorted.length})`, paint.dim)
  }
  print()
  const cells = (some: readonly ProfileRow[]): Cells => {
    const part = (name: string) => time(total(some.filter(({ direction }) => direction === name)).milliseconds)
    const { milliseconds } = total(some)
    return [time(milliseconds), share(milliseconds), part('forward'), part('backward'), rate(some)]
  }
  show(['module', 'ms', 'share', 'forward', 'backward', 'GFLOP/s'], treeLines(treeOf(rows), cells, leastShare * whole))
}

function titleOf({ recipe, parameters, splits }: ShownProfile): string {
  const { model, batchSize, contextLength, gradientAccumulation: micros } = recipe
  const shape = model.from ?? `${model.layers} layers × ${model.width} wide`
  const batch = `batch ${batchSize} × ${contextLength}${micros > 1 ? ` × ${micros}` : ''}`
  return `${shape}, ${count(parameters)} parameters, ${batch}${splits > 1 ? ` in ${splits} parts` : ''}`
}

const time = (milliseconds: number): string => milliseconds.toFixed(2)

/** GFLOP/s of the products among some rows. */
const rate = (rows: readonly ProfileRow[]): string => {
  const products = rows.filter(({ flops }) => flops > 0)
  return products.length > 0 ? gflopsOf(total(products)).toFixed(0) : ''
}

const kernelsOf = (rows: readonly ProfileRow[]): string =>
  [...new Set(rows.flatMap(({ kernels }) => kernels))].join(' ')

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return groups
}

/** Lines of a table whose first row is the head: names to the left, numbers to the right. */
function aligned(rows: readonly Cells[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  const isText = (column: number) => column === 0 || rows[0]![column] === 'kernels'
  return rows.map((row) =>
    row
      .map((cell, i) => (isText(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
}
