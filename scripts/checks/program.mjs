/** The README's program, taken from its text, compiled strictly and run the way a reader would. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { node, root } from '../process.mjs'

/** The first TypeScript block of README.md. */
export function readmeProgram() {
  const block = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(join(root, 'README.md'), 'utf8'))
  if (!block) throw new Error('README.md has no ```ts block')
  return block[1]
}

/**
 * Compiles the program under `--strict` in a folder where `pellucid` is installed, and runs it there.
 * It must end within four minutes and print something.
 */
export async function tryProgram(report, folder, where) {
  writeFileSync(join(folder, 'program.ts'), readmeProgram())
  const out = join(folder, 'out')
  mkdirSync(out, { recursive: true })
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const options = ['--ignoreConfig', '--strict', '--target', 'es2023', '--module', 'nodenext', '--outDir', out]
  const compiled = await node([tsc, ...options, 'program.ts'], { cwd: folder, quiet: true })
  if (compiled.code !== 0) return report.fail(`the README's program does not compile ${where}`, compiled.output)
  report.pass()
  const ran = await node([join(out, 'program.js')], { cwd: folder, quiet: true, seconds: 240 })
  if (ran.code !== 0) return report.fail(`the README's program fails ${where}`, ran.output)
  if (ran.stdout.trim() === '') return report.fail(`the README's program prints nothing ${where}`)
  report.pass()
  console.log(`The README's program ${where} ended with: ${ran.stdout.trim().split('\n').at(-1)}`)
}
