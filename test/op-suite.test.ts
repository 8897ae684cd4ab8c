/** The op suite itself: what is broken on purpose must be found, and named. */
import { describe, expect, test } from 'vitest'
import type { Op, Primitive } from '../src/graph/op.ts'
import { input, opTable } from '../src/ops/index.ts'
import { nativeRuntime } from '../src/runtime/native/native.ts'
import { opSamples } from './op-samples/index.ts'
import { floats, type OpSamples, refused, sample } from './op-suite/sample.ts'
import { gaps, opProblems } from './op-suite/suite.ts'

const runtimes = [nativeRuntime()]
const primitive = (name: string) => opTable.get(name) as Primitive<{ axes: number[]; keep: boolean }>

/** Each op with one thing broken, and what the suite must say about it. */
const broken: { op: Op; what: string; says: RegExp }[] = [
  {
    what: 'a derivative of the wrong sign',
    op: { ...primitive('tanh'), vjp: ([dy], _, [y]) => [dy!.mul(y!.mul(y!).add(1))] },
    says: /^tanh, a matrix: vjp, input 0, element 0: .* differences give/,
  },
  {
    what: 'a derivative that forgets an operand',
    op: { ...primitive('mul'), vjp: ([dy], [, b]) => [dy!.mul(b!), undefined] },
    says: /^mul, .*: vjp, input 1/,
  },
  {
    what: 'a derivative that is wrong for large inputs only',
    op: { ...primitive('log'), vjp: ([dy], [x]) => [dy!.div(x!.minimum(100))] },
    says: /^log, large numbers: vjp/,
  },
  {
    what: 'a derivative whose own derivative is lost',
    op: { ...primitive('exp'), vjp: ([dy], _, [y]) => [dy!.mul(y!.stopGradient())] },
    says: /^exp, .*: second order/,
  },
  {
    what: 'a hand-written rule that is not the derivative of the body',
    op: { ...opTable.get('rmsNorm')!, vjp: ([dy], [x]) => [dy!.mul(x!), undefined] } as Op,
    says: /^rmsNorm, .*: vjp/,
  },
  {
    what: 'a shape rule that keeps what is summed',
    op: {
      ...primitive('sum'),
      shape: ([x], { axes }) => ({ shape: x!.shape.map((a, i) => (axes.includes(i) ? 1 : a)), dtype: x!.dtype }),
    },
    says: /^sum, .*: sum: the shape rule says float32\[1, 1\], the definition gave float32\[\]/,
  },
  {
    what: 'a shape rule with another dtype',
    op: { ...primitive('less'), shape: ([a]) => a! },
    says: /^less, .*: the shape rule says int32\[2, 3\], the definition gave bool\[2, 3\]/,
  },
  {
    what: 'a lowering with its operands exchanged',
    op: { ...primitive('sub'), onnx: (onnx, [a, b]) => onnx.node('Sub', [b!, a!]) },
    says: /^sub, equal shapes: native, output 0\[0\]: .* reference/,
  },
  {
    what: 'a fused lowering of another function',
    op: {
      ...opTable.get('geluTanh')!,
      onnx: (onnx, [x]) => onnx.node('Gelu', [x!], {}, { domain: 'com.microsoft' }),
    } as Op,
    says: /^geluTanh, many numbers: native, .*output 0/,
  },
  {
    what: 'a lowering that knows one length only',
    op: {
      ...primitive('mean'),
      onnx: (onnx, [x], { inputs, attributes: { axes, keep } }) => {
        const total = onnx.node('ReduceSum', [x!, onnx.constant('int64', [axes.length], axes)], {
          keepdims: Number(keep),
        })
        const lengths = (axes as number[]).map((axis) => inputs[0]!.shape[axis])
        const count = lengths.reduce<number>((n, length) => n * (typeof length === 'number' ? length : 3), 1)
        return onnx.node('Div', [total, onnx.scalar('float32', count)])
      },
    },
    says: /^mean, named axes.*: native, symbolic/,
  },
]

describe('what is broken is named', () => {
  test.each(broken)('$what: $op.name', async ({ op, says }) => {
    const problems = await opProblems(opTable.get(op.name)!, opSamples.get(op.name)!, {
      runtimes,
      replacements: new Map([[op.name, op]]),
    })
    expect(problems.filter((problem) => !problem.startsWith(`${op.name}, `))).toEqual([])
    expect(
      problems.some((problem) => says.test(problem)),
      problems.slice(0, 5).join('\n'),
    ).toBe(true)
  })

  const neg = opTable.get('neg')!
  const only = (samples: Partial<OpSamples>) =>
    opProblems(neg, { samples: {}, errors: 'none', ...samples }, { runtimes })

  test('a sample of something else', async () => {
    const samples = { wrong: sample([floats(2)], (x) => x.abs()) }
    expect(await only({ samples })).toEqual(['neg, wrong: the sample does not use the op'])
  })

  test('errors that do not come, or say too little', async () => {
    expect(await only({ errors: { fine: refused(() => input('x', [2]).neg(), 'dtype') } })).toEqual([
      'neg, fine: was not refused',
    ])
    const [problem] = await only({ errors: { curt: refused(() => input('x', [2], 'bool').neg(), 'a word it lacks') } })
    expect(problem).toMatch(/^neg, curt: the message lacks 'a word it lacks': neg\(\[2\]\): expected float32/)
    const [other] = await only({
      errors: {
        late: refused(() => {
          throw new Error('boom')
        }),
      },
    })
    expect(other).toBe('neg, late: failed otherwise than by a shape rule: boom')
  })

  test('ops without samples, or with too few', () => {
    expect(gaps(neg, undefined)).toEqual(['neg has no samples'])
    expect(gaps(neg, { samples: {}, errors: {} })).toEqual([
      'neg lacks six samples',
      'neg lacks a sample with one element',
      'neg lacks a sample with no elements',
      'neg lacks a sample too large for a full Jacobian',
      'neg lacks a sample over named axes',
      'neg lacks an error sample',
    ])
  })
})
