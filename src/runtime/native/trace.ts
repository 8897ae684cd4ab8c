/** Reads the traces that ONNX Runtime writes of a session's runs. */
import type { Node } from '../../graph/tensor.ts'
import { sizeOf } from '../../tensor/array.ts'
import type { NodeRun, ProgramRun } from '../profile.ts'

/** Shapes of a node's inputs or outputs: one entry each, by element type. */
type Shapes = readonly { readonly [type: string]: readonly number[] }[]

/** An event in Chrome's trace format; times in microseconds. */
type Event = {
  readonly cat: string
  readonly name: string
  readonly tid: number
  readonly ts: number
  readonly dur: number
  readonly args: {
    readonly op_name?: string
    readonly input_type_shape?: Shapes
    readonly output_type_shape?: Shapes
  }
}

const products = new Set(['MatMul', 'FusedMatMul', 'TransposeMatMul', 'Gemm'])
const suffix = '_kernel_time'

/**
 * Operations of a product: 2·m·k·n, where m and n are the result's last axes. Either operand may be given transposed, so k is what is
 * left of the first one's last two axes.
 */
function flopsOf({ op_name = '', input_type_shape, output_type_shape }: Event['args']): number | undefined {
  const [a, y] = [input_type_shape, output_type_shape].map((shapes) => Object.values(shapes?.[0] ?? {})[0])
  if (!products.has(op_name) || !a || !y || a.length < 2 || y.length < 2) return undefined
  const k = sizeOf(a.slice(-2)) / y.at(-2)!
  return 2 * sizeOf(y) * k
}

/**
 * The node that an event is about. The engine names what it fuses or moves after a node that it replaces, with more words behind or in
 * front: `h.0.mlp/MatMul_7/MatMulAddFusion`.
 */
export function originOf(name: string, origins: ReadonlyMap<string, Node>): Node | undefined {
  for (let stem = name; stem !== ''; stem = stem.slice(0, Math.max(0, stem.search(/[/_ ][^/_ ]*$/)))) {
    const found = origins.get(stem)
    if (found) return found
  }
  let longest = ''
  for (const each of origins.keys()) if (each.length > longest.length && name.endsWith(each)) longest = each
  return origins.get(longest)
}

/** The runs in a trace. Nodes inside of nodes (a loop's body) are part of the outer one. */
export function readTrace(text: string, origins: ReadonlyMap<string, Node>): ProgramRun[] {
  const events = (JSON.parse(text) as Event[]).sort((a, b) => a.ts - b.ts || b.dur - a.dur)
  const found = new Map<string, Node | undefined>()
  const resolve = (name: string): Node | undefined => {
    if (!found.has(name)) found.set(name, originOf(name, origins))
    return found.get(name)
  }
  const runs: ProgramRun[] = []
  for (const thread of new Set(events.map(({ tid }) => tid))) {
    let nodes: NodeRun[] = []
    let [runEnds, nodeEnds] = [-Infinity, -Infinity]
    for (const { cat, name, tid, ts, dur, args } of events) {
      if (tid !== thread) continue
      if (cat === 'Session' && name === 'model_run') {
        nodes = []
        runs.push({ start: ts / 1000, duration: dur / 1000, nodes })
        runEnds = ts + dur
      }
      if (cat !== 'Node' || !name.endsWith(suffix) || ts < nodeEnds || ts + dur > runEnds) continue
      nodeEnds = ts + dur
      const node = name.slice(0, -suffix.length)
      nodes.push({
        name: node,
        kernel: args.op_name ?? '',
        milliseconds: dur / 1000,
        flops: flopsOf(args),
        origin: resolve(node),
      })
    }
  }
  return runs.sort((a, b) => a.start - b.start)
}
