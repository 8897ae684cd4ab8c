/** The architecture, enforced: import order, invariants and budgets over every file, and proof that each rule bites. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { modelNames, opNames, platformApis, randomness } from './architecture/invariants.ts'
import { ground, importOrder, reach } from './architecture/order.ts'
import { fileSize, firstLine, namedExports, totalSize } from './architecture/shape.ts'
import { isTest, type Source, source, type Violation } from './architecture/source.ts'
import budgets from './budgets.json' with { type: 'json' }

/** The folders with hand-written code. */
const places = ['src', 'test', 'bench', 'examples', 'scripts', 'studio']

const filesOf = (place: string): string[] =>
  existsSync(place)
    ? readdirSync(place, { recursive: true, encoding: 'utf8' })
        .map((file) => `${place}/${file.replaceAll('\\', '/')}`)
        .filter((file) => /\.(ts|tsx|mjs)$/.test(file) && !file.endsWith('.d.ts'))
    : []

const files = places.flatMap(filesOf).map((path) => source(path, readFileSync(path, 'utf8')))

/** Registered model types: one file each, and the names they give themselves. */
const models = new Set(
  files
    .filter(({ path }) => /^src\/models\/[^/]+\.ts$/.test(path) && !isTest(path) && !path.endsWith('/index.ts'))
    .flatMap(({ path, text }) => [
      path.replace(/^.*\/|\.ts$/g, ''),
      ...[...text.matchAll(/model_?type: '([^']+)'/gi)].map((match) => match[1]!),
    ]),
)

/** Every rule about one file. */
const rules: Record<string, (file: Source) => Violation[]> = {
  'imports point to earlier folders': importOrder,
  'nobody outside ops asks for an op’s name': opNames,
  'nobody outside models asks for a model’s name': (file) => modelNames(file, models),
  'platform APIs stay in their places': platformApis,
  'randomness comes from one place': randomness,
  'a file is short': (file) => fileSize(file, budgets),
  'a file says first what it is for': firstLine,
  'exports are named': namedExports,
}

describe('the code', () => {
  for (const [name, rule] of Object.entries(rules)) {
    test(name, () => expect(files.flatMap(rule)).toEqual([]))
  }
  test('src stays within its total', () => expect(totalSize(files, budgets)).toEqual([]))
})

test('every arrow of the order points to an earlier folder', () => {
  const order = Object.keys(ground)
  for (const [folder, below] of Object.entries(ground)) {
    for (const name of below) expect(order.indexOf(name), `${folder} ← ${name}`).toBeLessThan(order.indexOf(folder))
  }
  expect([...reach('models')].sort()).toEqual(['base', 'graph', 'nn', 'ops', 'tensor'])
  expect([...reach('base')]).toEqual([])
  expect(reach('server').has('cli')).toBe(false)
})

/** Samples that break one rule, each with the line that must be named; and samples of the same kind that are fine. */
const samples: { rule: string; path: string; bad?: [line: number, text: string][]; good?: string[] }[] = [
  {
    rule: 'imports point to earlier folders',
    path: 'src/nn/sample.ts',
    bad: [
      [1, "import { run } from '../runtime/run.ts'"],
      [2, "\nimport type { Batch } from '../datasets/batch.ts'"],
      [1, "export { read } from '../weights/read.ts'"],
      [1, "export const late = () => import('../transforms/gradients.ts')"],
      [1, "export type Late = typeof import('../generation/loop.ts')"],
      [1, "import { ort } from 'onnxruntime-web/wasm'"],
      [1, "import { fs } from '../base/files.ts'"],
      [1, "import { dist } from '../../scripts/build.mjs'"],
      [1, "import { sample } from './other.test.ts'"],
    ],
    good: [
      "import { add } from '../ops/index.ts'",
      "import { failure } from '../base/errors.ts'",
      "import { Linear } from './linear.ts'",
      "import { z } from 'zod'",
    ],
  },
  { rule: 'imports point to earlier folders', path: 'src/base/sample.ts', bad: [[1, "import '../tensor/array.ts'"]] },
  { rule: 'imports point to earlier folders', path: 'src/models/sample.ts', bad: [[1, "import '../base2/x.ts'"]] },
  { rule: 'imports point to earlier folders', path: 'src/helpers/sample.ts', bad: [[1, 'export const a = 1']] },
  {
    rule: 'imports point to earlier folders',
    path: 'src/index.ts',
    bad: [[1, "import './cli/main.ts'"]],
    good: ["import './training/train.ts'"],
  },
  {
    rule: 'imports point to earlier folders',
    path: 'src/cli/deep/sample.ts',
    good: ["import '../../index.ts'"],
    bad: [[1, "import '../../server/http.ts'"]],
  },
  { rule: 'imports point to earlier folders', path: 'src/base/sample.test.ts', good: ["import '../cli/main.ts'"] },
  {
    rule: 'nobody outside ops asks for an op’s name',
    path: 'src/runtime/sample.ts',
    bad: [
      [1, "if (node.op.name === 'gelu') fast()"],
      [1, "const isAdd = 'add' == op.name"],
      [1, 'const isGelu = node.op !== gelu'],
      [2, "\nswitch (node.op?.name) { case 'add': }"],
      [2, 'const rules = { add: 1, mul: 2 }\nconst rule = rules[node.op.name]'],
      [2, "const fused = new Set(['gelu', 'softmax'])\nif (fused.has(node.op.name)) fuse()"],
      [1, "const cheap = ['add', 'mul'].includes(node!.op.name)"],
    ],
    good: [
      'const same = a.op === b.op',
      'const leaf = node.op === undefined',
      "const text = 'op ' + node.op.name",
      'const counts = new Map()\ncounts.get(node.op.name)',
      "const gelu = config.activation === 'gelu'",
    ],
  },
  {
    rule: 'nobody outside ops asks for an op’s name',
    path: 'src/ops/sample.ts',
    good: ["if (node.op.name === 'gelu') fast()"],
  },
  {
    rule: 'nobody outside models asks for a model’s name',
    path: 'src/weights/sample.ts',
    bad: [
      [1, "if (config.model_type === 'bert') transpose()"],
      [1, "const old = kind !== 'sample-model'"],
      [1, "switch (kind) { case 'sample-model': }"],
    ],
    good: ["const text = 'sample-model'", 'const same = a.model_type === b.model_type', "const wide = kind === 'wide'"],
  },
  {
    rule: 'platform APIs stay in their places',
    path: 'src/training/sample.ts',
    bad: [
      [1, "import { readFileSync } from 'node:fs'"],
      [1, "type Files = typeof import('node:fs')"],
      [1, 'const threads = process.env.THREADS'],
      [1, 'const bytes = Buffer.from([1])'],
      [2, '\nconst page = await fetch(url)'],
      [1, 'const node = (globalThis as { process?: object }).process'],
      [1, 'const title = document.title'],
      [1, 'export function pack(bytes: Buffer) {}'],
    ],
    good: [
      'const step = { process: 1 }.process',
      'export const pipe = (process: () => void) => process()',
      'const bytes = new TextEncoder().encode(text)',
      'const state = { fetch: true, Buffer: 1 }',
    ],
  },
  {
    rule: 'platform APIs stay in their places',
    path: 'src/runtime/native/sample.ts',
    good: ["import { cpus } from 'node:os'"],
  },
  {
    rule: 'randomness comes from one place',
    path: 'src/generation/sample.ts',
    bad: [[1, 'const u = Math.random()']],
    good: ['const u = random.uniform()', 'const m = Math.max(1, 2)'],
  },
  {
    rule: 'a file is short',
    path: 'src/nn/sample.ts',
    bad: [[budgets.fileLines + 1, '//\n'.repeat(budgets.fileLines + 1)]],
    good: ['//\n'.repeat(budgets.fileLines)],
  },
  {
    rule: 'a file is short',
    path: 'src/models/sample.ts',
    bad: [[budgets.modelFileLines + 1, '//\n'.repeat(budgets.modelFileLines + 1)]],
  },
  { rule: 'a file is short', path: 'src/onnx/sample_pb.ts', good: ['//\n'.repeat(budgets.fileLines + 1)] },
  {
    rule: 'a file says first what it is for',
    path: 'src/nn/sample.ts',
    bad: [
      [1, "import { a } from './a.ts'\n/** Too late: this must come first. */"],
      [1, '/** Layers */'],
      [1, '\n/** One line too late, by one. */'],
    ],
    good: [
      '/** What this file is for. */',
      '/**\n * What this file is for, at length.\n */',
      '#!/usr/bin/env node\n// The command line of it all.\n',
    ],
  },
  {
    rule: 'exports are named',
    path: 'src/nn/index.ts',
    bad: [
      [1, 'export default 1'],
      [1, "export * from './linear.ts'"],
    ],
    good: ["export { Linear } from './linear.ts'", "export * as layers from './linear.ts'"],
  },
]

describe('the rules bite', () => {
  const known = new Set(['sample-model'])
  const withSamples = {
    ...rules,
    'nobody outside models asks for a model’s name': (file: Source) => modelNames(file, known),
  }

  for (const { rule, path, bad = [], good = [] } of samples) {
    const check = withSamples[rule as keyof typeof withSamples]!
    for (const [line, text] of bad) {
      test(`${rule}: ${path} with ${JSON.stringify(text.trim().slice(0, 60))}`, () => {
        const found = check(source(path, text))
        expect(found).toHaveLength(1)
        expect(found[0]).toMatch(new RegExp(`^${path}:${line}: `))
      })
    }
    for (const text of good) {
      test(`${rule}: not ${path} with ${JSON.stringify(text.trim().slice(0, 60))}`, () => {
        expect(check(source(path, text))).toEqual([])
      })
    }
  }

  test('every rule has a sample that breaks it', () => {
    const broken = new Set(samples.filter(({ bad }) => bad?.length).map(({ rule }) => rule))
    expect([...broken].sort()).toEqual(Object.keys(rules).sort())
  })

  test('src stays within its total', () => {
    const file = source('src/nn/sample.ts', '//\n'.repeat(3))
    expect(totalSize([file], { ...budgets, srcLines: 2 })).toEqual(['src: 3 lines; test/budgets.json allows 2'])
    expect(totalSize([file], { ...budgets, srcLines: 3 })).toEqual([])
  })
})
