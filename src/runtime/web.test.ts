import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { PellucidError } from '../base/errors.ts'
import { symbol } from '../graph/axis.ts'
import { program } from '../graph/program.ts'
import { inScope } from '../graph/scope.ts'
import { attend, Cache } from '../nn/index.ts'
import { concat, input } from '../ops/index.ts'
import { fromNested, ndarray, toNumbers, zeros } from '../tensor/array.ts'
import type { DType } from '../tensor/dtype.ts'
import { toHalf } from '../tensor/half.ts'
import { referenceRuntime } from './reference.ts'
import type { Executable } from './runtime.ts'
import { webRuntime } from './web.ts'

const runtime = webRuntime()
const n = symbol('n')
const vector = (values: number[], dtype: DType = 'float32') => fromNested(values, dtype)
/** y = 2x of any length. */
const double = () => {
  const x = input('x', [n], 'float32')
  return runtime.compile(program({ x }, { y: x.mul(2) }))
}
const failing = (run: Promise<unknown>): Promise<PellucidError> =>
  run.then(
    () => expect.fail('should have been refused'),
    (error) => error as PellucidError,
  )

describe('element types', () => {
  /** y = x with what may be nothing behind it. */
  const joined = (dtype: DType) => {
    const x = input('x', [3], dtype)
    const nothing = input('nothing', [0], dtype)
    return program({ x, nothing }, { y: concat([x, nothing], 0) })
  }

  test.each<DType>(['float32', 'float64', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool'])('%s', async (dtype) => {
    const executable = await runtime.compile(joined(dtype))
    const x = vector([1, 0, 1], dtype)
    expect((await executable.run({ x, nothing: vector([], dtype) })).y).toEqual(x)
  })

  test('float16 goes in and out; bfloat16 only as a constant', async () => {
    const half = toHalf(vector([1.5, -2, 0]), 'float16')
    const executable = await runtime.compile(joined('float16'))
    expect((await executable.run({ x: half, nothing: toHalf(vector([]), 'float16') })).y).toEqual(half)
    const refused = await failing(runtime.compile(joined('bfloat16')))
    expect(refused).toMatchObject({ code: 'WEB_DTYPE', message: expect.stringContaining('x is bfloat16') })
  })
})

describe('arrays', () => {
  let executable: Executable
  beforeAll(async () => {
    executable = await double()
  })

  test("results are written into the caller's arrays, and others are new", async () => {
    const x = vector([1, 2])
    const y = zeros('float32', [2])
    expect((await executable.run({ x }, { y })).y).toBe(y)
    expect(y).toEqual(vector([2, 4]))
    const fresh = (await executable.run({ x })).y!
    const again = (await executable.run({ x: vector([9, 9]) })).y!
    expect([fresh, again]).toEqual([vector([2, 4]), vector([18, 18])])
  })

  test('an array that is input and output is updated in place, run after run', async () => {
    const x = vector([1, 3])
    const run = executable.bind({ x }, { y: x })
    await run()
    await run()
    expect(x).toEqual(vector([4, 12]))
  })

  test('part of a larger buffer, also a shared one', async () => {
    for (const buffer of [new ArrayBuffer(32), new SharedArrayBuffer(32)]) {
      const x = ndarray('float32', [2], new Float32Array(buffer, 4, 2).fill(5))
      const y = ndarray('float32', [2], new Float32Array(buffer, 12, 2))
      await executable.run({ x }, { y })
      expect([...new Float32Array(buffer)]).toEqual([0, 5, 5, 10, 10, 0, 0, 0])
    }
  })

  test('runs and compilations that overlap do not disturb each other', async () => {
    const programs = Array.from({ length: 8 }, (_, i) => {
      const weight = input('w', [2], 'float32')
      const x = input('x', [n], 'float32')
      const constant = { tensor: weight, source: { dtype: 'float32' as const, read: async () => vector([i, -i]) } }
      return program({ x }, { y: x.unsqueeze(1).mul(weight) }, new Map([['w', constant]]))
    })
    const results = await Promise.all(
      programs.map(async (each, i) => {
        const compiled = await runtime.compile(each)
        const runs = [1, 2, 3].map((length) => compiled.run({ x: vector(Array(length).fill(i)) }))
        return (await Promise.all(runs)).map(({ y }) => [...toNumbers(y!)])
      }),
    )
    for (const [i, lists] of results.entries())
      for (const [k, list] of lists.entries())
        expect(list).toEqual(Array.from({ length: k + 1 }, () => [i * i, -i * i]).flat())
  })
})

describe('constants', () => {
  const values = vector([1.5, -2, 0.25])
  test.each([
    ['float32', values],
    ['float16', toHalf(values, 'float16')],
    ['bfloat16', toHalf(values, 'bfloat16')],
  ] as const)('%s, read once and converted by the graph', async (dtype, stored) => {
    let reads = 0
    const read = async () => {
      reads++
      return stored
    }
    const [x, w] = [input('x', [3], 'float32'), input('w', [3], 'float32')]
    const constants = new Map([
      ['w', { tensor: w, source: { dtype, read, location: { path: '/not/read/here', offset: 7, length: 12 } } }],
    ])
    const executable = await runtime.compile(program({ x }, { y: x.add(w) }, constants))
    for (const each of [1, 2]) {
      const { y } = await executable.run({ x: vector([each, each, each]) })
      expect([...toNumbers(y!)]).toEqual([each + 1.5, each - 2, each + 0.25])
    }
    expect(reads).toBe(1)
  })
})

test("ONNX Runtime's own operators: attention over a cache, updated in place, agrees with its definition", async () => {
  const [heads, width, slots] = [2, 8, 6]
  const cache = new Cache({ layers: 1, keyHeads: heads, slots, headWidth: width, batch: 2 })
  const t = symbol('t')
  const [q, k, v] = ['q', 'k', 'v'].map((name) => input(name, [2, t, heads * width], 'float32'))
  const y = attend(q!, k!, v!, { heads, causal: true, cache: cache.layer(0) })
  const decode = program({ q: q!, k: k!, v: v!, ...cache.inputs() }, { y, ...cache.outputs() })
  const steps = [
    { tokens: 3, starts: [0, 0] },
    { tokens: 1, starts: [3, 2] },
    { tokens: 1, starts: [4, 3] },
  ]
  const results = await Promise.all(
    [runtime, referenceRuntime()].map(async (each) => {
      const executable = await each.compile(decode)
      const buffers = Object.fromEntries(
        Object.keys(cache.outputs()).map((name) => [name, zeros('float32', [2, heads, slots, width])]),
      )
      const outputs: number[] = []
      for (const { tokens, starts } of steps) {
        const size = 2 * tokens * heads * width
        const random = (shift: number) =>
          ndarray(
            'float32',
            [2, tokens, heads * width],
            Float32Array.from({ length: size }, (_, i) => Math.sin(7 * i + shift)),
          )
        const feeds = {
          q: random(1 + tokens),
          k: random(2 + tokens),
          v: random(3 + tokens),
          'cache.starts': vector(starts, 'int32'),
        }
        const result = await executable.run({ ...feeds, ...buffers }, buffers)
        outputs.push(...toNumbers(result.y!))
      }
      return outputs
    }),
  )
  const [web, reference] = results as [number[], number[]]
  expect(web.length).toBe(reference.length)
  for (const [i, value] of web.entries()) expect(value).toBeCloseTo(reference[i]!, 5)
})

describe('failures', () => {
  test('a failing node is named with its module path, and the engine goes on', async () => {
    const [table, ids] = [input('table', [4, 2], 'float32'), input('ids', [n], 'int32')]
    const y = inScope('h.0.wte', () => table.gather(ids))
    const executable = await runtime.compile(program({ table, ids }, { y }))
    const run = (id: number) => executable.run({ table: zeros('float32', [4, 2]), ids: vector([id], 'int32') })
    const error = await failing(run(9))
    expect(error).toBeInstanceOf(PellucidError)
    expect(error.code).toBe('WEB_NODE_FAILED')
    expect(error.message).toMatch(/^The node 'h\.0\.wte\/Gather_\d+' \(Gather\) failed\.\n.*idx=9/)
    expect(error.message.split('\n').length).toBeLessThanOrEqual(3)
    expect((await run(3)).y).toEqual(zeros('float32', [1, 2]))
  })

  test('what does not fit into 32 bits is said to be too large', async () => {
    const x = input('x', [n], 'float32')
    const executable = await runtime.compile(program({ x }, { y: x.unsqueeze(1).add(x).sum([0, 1]) }))
    expect(await failing(executable.run({ x: zeros('float32', [50_000]) }))).toMatchObject({ code: 'OUT_OF_MEMORY' })
    expect((await executable.run({ x: vector([1, 2]) })).y).toEqual(fromNested(12, 'float32'))
  })

  test('missing and wrong inputs, a wrong output, a bad thread count', async () => {
    const executable = await double()
    expect(await failing(executable.run({}))).toMatchObject({ code: 'MISSING_INPUT' })
    expect(await failing(executable.run({ x: vector([1], 'int32') }))).toMatchObject({ code: 'INPUT_TYPE' })
    expect(await failing(executable.run({ x: vector([1]) }, { y: vector([1, 2]) }))).toMatchObject({
      code: 'OUTPUT_TYPE',
    })
    for (const threads of [0, 1.5, Number.NaN])
      for (const refused of [
        runtime.compile(program({}, {}), { threads }),
        webRuntime({ threads }).compile(program({}, {})),
      ])
        expect(await failing(refused)).toMatchObject({ code: 'BAD_THREADS' })
  })

  test('a disposed executable says so; disposing twice is fine', async () => {
    const executable = await double()
    const bound = executable.bind({ x: vector([1]) }, { y: vector([0]) })
    await executable.dispose()
    await executable.dispose()
    expect(await failing(bound())).toMatchObject({ code: 'CLOSED' })
    expect(await failing(executable.run({ x: vector([1]) }))).toMatchObject({ code: 'CLOSED' })
  })
})

describe('in a process of its own', () => {
  const script = (options: string) => `
    import { webRuntime } from ${JSON.stringify(fileURLToPath(new URL('./web.ts', import.meta.url)))}
    import { program } from ${JSON.stringify(fileURLToPath(new URL('../graph/program.ts', import.meta.url)))}
    import { input } from ${JSON.stringify(fileURLToPath(new URL('../ops/index.ts', import.meta.url)))}
    const x = input('x', [2], 'float32')
    try {
      const executable = await webRuntime(${options}).compile(program({ x }, { y: x.neg() }))
      const { y } = await executable.run({ x: { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) } })
      console.log(y.data.join())
    } catch (error) {
      console.log(error.code, error.message)
    }`
  const run = async (options: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'web-runtime-'))
    try {
      const file = join(folder, 'run.mts')
      writeFileSync(file, script(options))
      const args = ['--import', import.meta.resolve('tsx'), file]
      const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 })
      return { stdout: stdout.trim(), stderr }
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test('its threads do not keep the process alive, and nothing is printed', async () => {
    expect(await run('{ threads: 2 }')).toEqual({ stdout: '-1,-2', stderr: '' })
  })

  test('an engine that does not load is reported with what to do', async () => {
    const { stdout } = await run("{ wasmPaths: 'file:///nowhere/' }")
    expect(stdout).toMatch(/^WEB_UNAVAILABLE The web runtime cannot start: .*nowhere.*\nServe ort-wasm/)
  })
})
