/** Draws what a model is made of and costs: the tree of its modules, counts of operations, and memory. */
import type { ModelDescription } from '../describe.ts'
import type { ParameterTree } from '../inspection/index.ts'
import type { Paint } from './color.ts'
import { bytesText } from './format.ts'
import { displayWidth, fitted } from './layout.ts'
import { oneLine } from './quote.ts'

const whole = (value: number) => value.toLocaleString('en-US')
const bytes = (value: number) => `${fitted(bytesText(value), 9, 'right')}`

/** 3.42e9 → 3.42 GFLOPs. */
function flopsText(value: number): string {
  for (const [limit, unit] of [
    [1e15, 'P'],
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const)
    if (value >= limit) return `${(value / limit).toPrecision(4)} ${unit}FLOPs`
  return `${value} FLOPs`
}

const powers = ['', '·n', '·n²', '·n³']
const formula = (terms: ModelDescription['flops']['forward']) =>
  terms.map(({ coefficient, degree }) => `${whole(coefficient)}${powers[degree] ?? `·n^${degree}`}`).join(' + ')

type Row = { readonly name: string; readonly shape: string; readonly count: string; readonly isParameter: boolean }

/** Lines of the tree; a module with one part shares the part's line. */
function rowsOf(tree: ParameterTree, depth: number, prefix = ''): Row[] {
  const name = prefix + tree.name
  const [only] = tree.parts
  if (tree.parts.length === 1 && only && tree.times === 1) return rowsOf(only, depth, name && `${name}.`)
  const times = tree.times > 1 ? ` ×${tree.times}` : ''
  const own: Row = {
    name: '  '.repeat(depth) + name + times,
    shape: tree.shape ? `[${tree.shape.join(', ')}]` : '',
    count: whole(tree.parameters),
    isParameter: tree.shape !== undefined,
  }
  // What is within a folded block is told for one of them.
  const each =
    tree.times > 1
      ? [{ ...own, name: `${'  '.repeat(depth + 1)}each`, count: whole(tree.parameters / tree.times) }]
      : []
  return [own, ...each, ...tree.parts.flatMap((part) => rowsOf(part, depth + 1))]
}

function drawTree(tree: ParameterTree, paint: Paint, columns: number): string[] {
  const rows = rowsOf({ ...tree, name: 'model' }, 0)
  const widest = (key: 'name' | 'shape' | 'count') => Math.max(...rows.map((row) => displayWidth(row[key])))
  const shape = widest('shape')
  const count = widest('count')
  const name = Math.max(12, Math.min(widest('name'), columns - shape - count - 6))
  return rows.map((row) => {
    const label = fitted(row.name, name)
    return `  ${row.isParameter ? label : paint.bold(label)}  ${paint.dim(fitted(row.shape, shape))}  ${fitted(row.count, count, 'right')}`
  })
}

/** Words in lines that fit. */
function wrapped(items: readonly string[], columns: number): string[] {
  const lines: string[] = []
  for (const item of items) {
    const last = lines.at(-1)
    if (last !== undefined && displayWidth(`${last} · ${item}`) <= columns - 2)
      lines[lines.length - 1] = `${last} · ${item}`
    else lines.push(item)
  }
  return lines.map((line) => `  ${line}`)
}

export function drawDescription(name: string, model: ModelDescription, paint: Paint, columns: number): string {
  const { flops, memory, context } = model
  const settings = Object.entries(model.config).map(([key, value]) => `${key} ${oneLine(String(value))}`)
  const line = (label: string, text: string) => `  ${fitted(label, 39)} ${text}`
  const { weights, training, cache } = memory
  const trained = weights.float32 + training.gradients + training.state
  return [
    `${paint.bold(oneLine(name))}  ${model.paper}  ${paint.dim(model.architecture)}`,
    ...wrapped(settings, columns).map(paint.dim),
    '',
    ...drawTree(model.tree, paint, columns),
    '',
    `  ${paint.bold('operations')} ${paint.dim('2·m·n·k for each product [m, k]·[k, n], attention included')}`,
    paint.dim('  (every pair of positions, also those it masks); work on single elements not'),
    line('forward pass over n tokens', formula(flops.forward)),
    line('a token with nothing before it', flopsText(flops.firstToken)),
    line(`a token at the end of ${whole(context)}`, flopsText(flops.lastToken)),
    line(`a prompt of ${whole(context)} tokens`, flopsText(flops.prompt)),
    line('a training step over them (3 × forward)', flopsText(flops.trainingStep)),
    '',
    `  ${paint.bold('memory')}`,
    line('weights in float32', bytes(weights.float32)),
    line('weights in float16', bytes(weights.float16)),
    line('weights in int8, blocks of 32', bytes(weights.int8)),
    line('weights in int4, blocks of 32', bytes(weights.int4)),
    line('gradients', bytes(training.gradients)),
    line(`state of ${training.optimizer}`, bytes(training.state)),
    line('weights, gradients and state', bytes(trained)),
    line('keys and values of a token', bytes(cache.token)),
    line(`keys and values of ${whole(context)} tokens`, bytes(cache.context)),
  ].join('\n')
}
