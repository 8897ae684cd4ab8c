import { describe, expect, test } from 'vitest'
import type { Node } from '../../graph/tensor.ts'
import { input } from '../../ops/index.ts'
import { originOf, readTrace } from './trace.ts'

/** A node of some graph, to be found again by its name. */
const node = (): Node => input('x', [1]).node
const origins = new Map([
  ['h.0.mlp/MatMul_7', node()],
  ['h.0.mlp/MatMul_70', node()],
  ['Add_1', node()],
])
const event = (cat: string, name: string, tid: number, ts: number, dur: number, args = {}) => ({
  cat,
  name,
  tid,
  ts,
  dur,
  args,
})
const kernel = (name: string, tid: number, ts: number, dur: number, op = 'Add', shapes: number[][] = []) =>
  event('Node', `${name}_kernel_time`, tid, ts, dur, {
    op_name: op,
    input_type_shape: shapes.slice(0, -1).map((float) => ({ float })),
    output_type_shape: shapes.slice(-1).map((float) => ({ float })),
  })
const run = (tid: number, ts: number, dur: number) => event('Session', 'model_run', tid, ts, dur)
const read = (...events: object[]) => readTrace(JSON.stringify(events), origins)

describe('the node of the program that a name stands for', () => {
  test.each([
    ['its own', 'h.0.mlp/MatMul_7', 'h.0.mlp/MatMul_7'],
    ['a longer one', 'h.0.mlp/MatMul_70', 'h.0.mlp/MatMul_70'],
    ['fused with what follows', 'h.0.mlp/MatMul_7/MatMulAddFusion', 'h.0.mlp/MatMul_7'],
    ['made anew', 'Add_1_new_reshape', 'Add_1'],
    ['words in front', 'MatMul_With_Transpose h.0.mlp/MatMul_70', 'h.0.mlp/MatMul_70'],
  ])('%s: %s', (_, name, expected) => {
    expect(originOf(name, origins)).toBe(origins.get(expected))
  })
  test('what the engine added itself has none', () => {
    expect(originOf('Memcpy_token_3', origins)).toBeUndefined()
  })
})

describe('reading a trace', () => {
  test('runs of two threads at once keep their own nodes; times are milliseconds', () => {
    const [first, second] = read(
      event('Session', 'session_initialization', 1, 0, 50),
      kernel('Add_1', 2, 120, 10),
      kernel('h.0.mlp/MatMul_7', 1, 110, 20),
      run(1, 100, 50),
      run(2, 105, 50),
    )
    expect(first).toMatchObject({
      start: 0.1,
      duration: 0.05,
      nodes: [{ name: 'h.0.mlp/MatMul_7', milliseconds: 0.02 }],
    })
    expect(second).toMatchObject({ start: 0.105, nodes: [{ name: 'Add_1', kernel: 'Add', milliseconds: 0.01 }] })
    expect(second!.nodes[0]!.origin).toBe(origins.get('Add_1'))
  })
  test("a loop's body belongs to the loop", () => {
    const [only] = read(
      run(1, 0, 100),
      kernel('Scan_1', 1, 10, 50, 'Scan'),
      kernel('Add_1', 1, 20, 5),
      kernel('Add_1', 1, 70, 5),
    )
    expect(only!.nodes.map(({ kernel, milliseconds }) => [kernel, milliseconds])).toEqual([
      ['Scan', 0.05],
      ['Add', 0.005],
    ])
  })
  test('what runs outside of a run, such as folding constants, is left out', () => {
    expect(read(kernel('Add_1', 1, 0, 5), run(1, 10, 5), kernel('Add_1', 1, 20, 5))).toEqual([
      { start: 0.01, duration: 0.005, nodes: [] },
    ])
  })
  test.each([
    [
      'MatMul',
      [
        [4, 8, 3],
        [3, 5],
        [4, 8, 5],
      ],
      2 * 4 * 8 * 3 * 5,
    ],
    ['Gemm', [[8, 3], [3, 5], [5], [8, 5]], 2 * 8 * 3 * 5],
    [
      'FusedMatMul',
      [
        [2, 3, 8],
        [2, 3, 5],
        [2, 8, 5],
      ],
      2 * 2 * 8 * 3 * 5,
    ],
    ['Add', [[8, 3], [3], [8, 3]], undefined],
  ])('operations of %s', (type, shapes, expected) => {
    const [only] = read(run(1, 0, 100), kernel('Add_1', 1, 10, 50, type, shapes))
    expect(only!.nodes[0]!.flops).toBe(expected)
  })
})
