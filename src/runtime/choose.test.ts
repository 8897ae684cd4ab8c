import { afterEach, describe, expect, test, vi } from 'vitest'
import { program } from '../graph/program.ts'
import { input } from '../ops/index.ts'
import { fromNested } from '../tensor/array.ts'
import { chooseRuntime, type RuntimeName, runtimeNames } from './choose.ts'

const negated = async (runtime: Awaited<ReturnType<typeof chooseRuntime>>) => {
  const x = input('x', [2], 'float32')
  const executable = await runtime.compile(program({ x }, { y: x.neg() }))
  const { y } = await executable.run({ x: fromNested([1, -2], 'float32') })
  await executable.dispose()
  return y
}
const expected = fromNested([-1, 2], 'float32')

test('native is the first choice, without a word', async () => {
  const warn = vi.fn()
  const runtime = await chooseRuntime(undefined, { warn })
  expect(runtime.name).toBe('native')
  expect(warn).not.toHaveBeenCalled()
  expect(await negated(runtime)).toEqual(expected)
})

test.each(runtimeNames)('%s, where asked for', async (name) => {
  const warn = vi.fn()
  const runtime = await chooseRuntime(name, { threads: 1, warn })
  expect(runtime.name).toBe(name)
  expect(warn).not.toHaveBeenCalled()
  expect(await negated(runtime)).toEqual(expected)
})

test.each([
  ['native', { onnxruntime: /^\d+\.\d+/, provider: /CPU/, optimization: /all/ }],
  ['web', { onnxruntimeWeb: /^\d+\.\d+/ }],
  ['reference', { precision: /float64/ }],
] as const)('%s says what its numbers depend on', async (name, expected) => {
  const environment = await (await chooseRuntime(name)).environment()
  for (const [key, pattern] of Object.entries(expected)) expect(environment[key]).toMatch(pattern)
})

test('another name is refused with those that there are', async () => {
  const refused = chooseRuntime('cuda' as RuntimeName)
  await expect(refused).rejects.toMatchObject({ kind: 'usage', code: 'BAD_RUNTIME' })
  await expect(refused).rejects.toThrow(/cuda.*native, web, reference/)
})

describe('where the native packages are not installed', () => {
  /** The modules anew, in a Node that finds no package: what they found before is remembered. */
  async function chooser() {
    vi.resetModules()
    vi.spyOn(process.getBuiltinModule('node:module'), 'createRequire').mockImplementation(() => {
      throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' })
    })
    return (await import('./choose.ts')).chooseRuntime
  }
  afterEach(() => {
    vi.restoreAllMocks()
    vi.resetModules()
  })

  test('WebAssembly takes over, and one line says why and what to do', async () => {
    const warn = vi.fn()
    const runtime = await (await chooser())(undefined, { warn })
    expect(runtime.name).toBe('web')
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^Running on WebAssembly.*onnxruntime-node.*npm install.*$/)],
    ])
    expect(await negated(runtime)).toEqual(expected)
  })

  test('asking for native is an error that says the same', async () => {
    await expect((await chooser())('native')).rejects.toMatchObject({
      code: 'NATIVE_UNAVAILABLE',
      message: expect.stringMatching(/onnxruntime-node is not installed.\nTo mend it: .*npm install/),
    })
  })
})
