/** Every op against its laws, on every runtime. */
import { afterAll, describe, expect, test } from 'vitest'
import { attendOp } from '../src/nn/attention.ts'
import { plainAttentionOp } from '../src/nn/plain-attention.ts'
import { opTable } from '../src/ops/index.ts'
import { nativeRuntime } from '../src/runtime/native/native.ts'
import { referenceRuntime } from '../src/runtime/reference.ts'
import { webRuntime } from '../src/runtime/web.ts'
import { opSamples } from './op-samples/index.ts'
import { counts, gaps, opProblems } from './op-suite/suite.ts'

const runtimes = [referenceRuntime({ precision: 'float32' }), nativeRuntime(), webRuntime()]
const ops = new Map([...opTable, ...[attendOp, plainAttentionOp].map((op) => [op.name, op] as const)])

describe('every op', () => {
  test('has samples, and samples have an op', () => {
    expect([...ops.values()].flatMap((op) => gaps(op, opSamples.get(op.name)))).toEqual([])
    expect([...opSamples.keys()].filter((name) => !ops.has(name))).toEqual([])
  })
  for (const [name, samples] of opSamples) {
    const op = ops.get(name)
    if (op) test(name, async () => expect(await opProblems(op, samples, { runtimes })).toEqual([]))
  }
})

afterAll(() => {
  const { ops, samples, symbolic, errors } = counts(opSamples)
  console.log(
    `Op suite: ${ops} ops, ${samples} samples (${symbolic} of them over named axes), ${errors} error samples, on ${runtimes.map(({ name }) => name).join(', ')}.`,
  )
})
