/** `bench --profile`: the tables that a person reads and the JSON that a program reads say the same. */
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { displayWidth } from '../../src/cli/layout.ts'
import { nativeProblem } from '../../src/runtime/native/library.ts'
import { cli } from './terminal.ts'

const small = ['model.layers=2', 'model.heads=2', 'model.width=32', 'contextLength=16', 'batchSize=4']
const line = ['bench', '--profile', '--vocabulary', '50', ...small.flatMap((field) => ['--set', field])]

const milliseconds = z.number().nonnegative()
const share = z.number().min(0).max(1)
const stages = ['forward', 'backward', 'engine', 'calls', 'masks', 'sums', 'batch', 'optimizer'] as const
const schema = z.strictObject({
  runtime: z.literal('native'),
  gflops: z.number().positive(),
  steps: z.int().positive(),
  milliseconds: z.number().positive(),
  drawn: milliseconds,
  parameters: z.int().positive(),
  splits: z.int().positive(),
  model: z.looseObject({ type: z.literal('gpt2'), layers: z.literal(2), heads: z.literal(2), width: z.literal(32) }),
  batch: z.strictObject({ rows: z.literal(4), tokens: z.literal(16), micros: z.literal(1) }),
  stages: z.array(z.strictObject({ name: z.enum(stages), milliseconds, share })).length(stages.length),
  rows: z
    .array(
      z.strictObject({
        direction: z.enum(['forward', 'backward']),
        op: z.string().min(1),
        module: z.string(),
        kernels: z.array(z.string()).min(1),
        calls: z.number().positive(),
        milliseconds,
        share,
        flops: z.number().nonnegative(),
        gflops: z.number().nonnegative().optional(),
      }),
    )
    .min(20),
})

describe.skipIf(nativeProblem())('bench --profile', () => {
  test('--json: stages add up to the step; rows name op, module and kernels', async () => {
    const { code, out } = await cli([...line, '--json'])
    expect(code).toBe(0)
    const found = schema.parse(JSON.parse(out))
    const sum = found.stages.reduce((total, stage) => total + stage.share, 0)
    expect(sum).toBeCloseTo(1, 1)
    expect(found.rows.some(({ module, gflops = 0 }) => module === 'transformer.h.1.mlp.c_fc' && gflops > 0)).toBe(true)
  })

  test('tables of stages, ops and modules, layers together; as wide as the terminal', async () => {
    const { code, out, err } = await cli([...line, '--top', '3'], {
      interactive: true,
      size: { columns: 60, rows: 24 },
    })
    expect(err).toBe('')
    expect(code).toBe(0)
    for (const text of out.split('\n')) expect(displayWidth(text)).toBeLessThanOrEqual(60)
    expect(out).toMatch(/^2 layers × 32 wide, \d+\.?\d*k parameters, batch 4 × 16/)
    expect(out).toMatch(/^in all +\d+\.\d\d +100\.0 %/m)
    expect(out).toMatch(/^clipping and optimizer +\d/m)
    expect(out).toMatch(/^\w+, (forward|backward) +\d+\.\d\d/m)
    expect(out).toMatch(/^and \d+ more: .*--top \d+/m)
    expect(out).toMatch(/^ {2}h\.\* ×2 +\d+\.\d\d/m)
    expect(out).toMatch(/^ {6}c_fc +\d+\.\d\d/m)
  })

  test.each([
    ['--top is for --profile', ['bench', '--top', '3']],
    ['--top is', ['bench', '--profile', '--top', '0']],
    ['--vocabulary is', ['bench', '--profile', '--vocabulary', '1']],
    ['use --runtime native', [...line, '--runtime', 'reference']],
    ['neither a file nor a ready-made recipe', ['bench', '--recipe', 'nope']],
    ['model.width is 30, expected a multiple of model.heads', ['bench', '--set', 'model.width=30']],
  ])('refused: %s', async (says, argv) => {
    const { code, err } = await cli(argv)
    expect(code).toBe(2)
    expect(err).toContain(says)
  })
})
