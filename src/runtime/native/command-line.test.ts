import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commandLineProblem } from './command-line.ts'

test('this process has a command line that is short enough', () => expect(commandLineProblem()).toBeUndefined())

test('a long one is told with its length and what to do', () => {
  expect(commandLineProblem(18_000)).toBeUndefined()
  expect(commandLineProblem(18_001)).toMatchObject({ problem: expect.stringContaining('18001 bytes') })
})

test('a program with a long argument runs on WebAssembly with a warning, and says why native is refused', () => {
  const code = `
    import { chooseRuntime } from './src/runtime/choose.ts'
    const chosen = await chooseRuntime(undefined, { warn: (line) => console.log(line) })
    console.log(chosen.name)
    await chooseRuntime('native').catch((error) => console.log(error.code, error.message))`
  const argv = ['--import', 'tsx', '--input-type=module', '-e', code, 'x'.repeat(100_000)]
  const output = execFileSync(process.execPath, argv, { cwd: join(import.meta.dirname, '../../..'), encoding: 'utf8' })
  expect(output).toMatch(/^Running on WebAssembly.*command line of this process has 100\d\d\d bytes/)
  expect(output).toMatch(/\nweb\nNATIVE_UNAVAILABLE The native runtime cannot start: the command line/)
})
