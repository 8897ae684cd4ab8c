/** Checks that are one call of a tool: Biome, the type checker, the build. */
import { join } from 'node:path'
import { build as buildDist } from '../build.mjs'
import { node, root } from '../process.mjs'

const tool = (name, about, script, args) => ({
  name,
  about,
  run: async (report) => {
    const { code } = await node([join(root, 'node_modules', script), ...args])
    if (code === 0) report.pass()
    else report.fail(name, `exit code ${code}; the tool's own words are above`)
  },
})

export const lint = tool('lint', 'format and lint (Biome)', '@biomejs/biome/bin/biome', [
  'check',
  '--error-on-warnings',
  '--max-diagnostics=50',
])

export const types = tool('types', 'types (tsc)', 'typescript/bin/tsc', ['-p', '.'])

/** Whether dist/ holds what src/ says; a check that needs it names that as the reason why it did not run. */
export async function hasBuild(report, name) {
  if (await buildDist()) return true
  report.skip(name, 'the sources do not compile')
  return false
}

export const build = {
  name: 'build',
  about: 'src/ compiles to dist/',
  run: async (report) => {
    if (await buildDist()) report.pass()
    else report.fail('build', 'the compiler said why above')
  },
}
