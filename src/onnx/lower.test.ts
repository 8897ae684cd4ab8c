import { fromBinary } from '@bufbuild/protobuf'
import { describe, expect, test } from 'vitest'
import { symbol } from '../graph/axis.ts'
import { program } from '../graph/program.ts'
import { inScope } from '../graph/scope.ts'
import type { Tensor } from '../graph/tensor.ts'
import { input, scan } from '../ops/index.ts'
import { ndarray } from '../tensor/array.ts'
import { lower } from './lower.ts'
import { ModelProtoSchema } from './onnx_pb.ts'

const lowered = (...[inputs, outputs, constants]: Parameters<typeof program>) => {
  const { bytes, external } = lower(program(inputs, outputs, constants), { contrib: true, integerBlocks: true })
  return { graph: fromBinary(ModelProtoSchema, bytes).graph!, external }
}
const x = input('x', [2, 3])

describe('a lowered program', () => {
  test('writes equal nodes once, and constants too', () => {
    const { graph } = lowered({ x }, { y: x.mul(2).add(x.mul(2)) })
    expect(graph.node.map(({ opType }) => opType)).toEqual(['Mul', 'Add'])
    expect(graph.initializer).toHaveLength(1)
  })

  test('writes only what the outputs need', () => {
    x.exp()
    expect(lowered({ x }, { y: x.neg() }).graph.node.map(({ opType }) => opType)).toEqual(['Neg'])
  })

  test('names nodes by their module', () => {
    const y = inScope('h.0.mlp', () => x.tanh())
    expect(lowered({ x }, { y }).graph.node[0]!.name).toMatch(/^h\.0\.mlp\/Tanh_/)
  })

  test('has outputs apart from inputs of the same name, and copies only where it must', () => {
    const y = x.neg()
    const { graph } = lowered({ x }, { x: y, again: y, same: x })
    expect(graph.output.map(({ name }) => name)).toEqual(['output/x', 'output/again', 'output/same'])
    expect(graph.node.map(({ opType, output }) => [opType, ...output])).toEqual([
      ['Neg', 'output/x'],
      ['Identity', 'output/again'],
      ['Identity', 'output/same'],
    ])
  })

  test('refers to weights without holding them, and converts those stored otherwise', () => {
    const [w, h] = [input('w', [3]), input('h', [3])]
    const source = (dtype: 'float32' | 'float16') => ({
      dtype,
      read: async () => ndarray(dtype, [3], dtype === 'float32' ? new Float32Array(3) : new Uint16Array(3)),
    })
    const constants = new Map([
      ['w', { tensor: w, source: source('float32') }],
      [
        'h',
        {
          tensor: h,
          source: { ...source('float16'), location: { path: '/models/a/m.safetensors', offset: 16, length: 6 } },
        },
      ],
    ])
    const { graph, external } = lowered({ x }, { y: x.mul(w).add(h) }, constants)
    expect([...external.keys()]).toEqual(['w', 'h'])
    expect(
      graph.initializer.map(({ name, rawData, externalData }) => [name, rawData.length, externalData[0]!.value]),
    ).toEqual([
      ['w', 0, 'memory'],
      ['h', 0, 'm.safetensors'],
    ])
    expect(graph.node.map(({ opType }) => opType)).toEqual(['Cast', 'Mul', 'Add'])
  })

  test('reshapes over symbols without computing a shape where one axis is open', () => {
    const tokens = input('tokens', [symbol('b'), symbol('t'), 4])
    const types = (y: Tensor) => lowered({ tokens }, { y }).graph.node.map(({ opType }) => opType)
    expect(types(tokens.reshape([-1, 4]))).toEqual(['Reshape'])
    expect(types(tokens.reshape([...tokens.shape.slice(0, 2), 2, 2]))).toEqual(['Reshape'])
    expect(types(tokens.reshape([-1, 4]).reshape(tokens.shape))).toEqual([
      'Reshape',
      'Shape',
      'Shape',
      'Concat',
      'Reshape',
    ])
  })

  test('a step that hands on one value twice, within a scan', () => {
    const { ys } = scan([], [x], [], (_, [v]) => ({ carry: [], ys: [v!.neg(), v!.neg(), v!] }))
    const { graph } = lowered({ x }, { a: ys[0]!, b: ys[1]!, c: ys[2]! })
    const body = graph.node.find(({ opType }) => opType === 'Scan')!.attribute.find(({ g }) => g)!.g!
    expect(new Set(body.output.map(({ name }) => name)).size).toBe(3)
    const made = body.node.flatMap(({ output }) => output)
    for (const { name } of body.output) expect(made).toContain(name)
  })

  test('says what nobody feeds', () => {
    expect(() => lowered({}, { y: x.neg() })).toThrow('The graph reads x, which the program does not list.')
    const { y } = { y: input('n', [symbol('b')]).sum() }
    expect(() => lowered({ x }, { y })).toThrow('The graph reads n')
  })
})
