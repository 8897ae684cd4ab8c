/** What `npm pack` would put into the package is what src/ and the list below say: nothing more, nothing less, not too big. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesUnder, isAsset, isModule } from '../build.mjs'
import { npm, root } from '../process.mjs'
import { hasBuild } from './tools.mjs'

/** Files outside dist/ and recipes/ that belong in the package. */
const always = ['package.json', 'README.md', 'LICENSE']

/** The compiled files of one source file. */
const compiled = (file) =>
  isModule(file) ? [file.replace(/\.ts$/, '.js'), file.replace(/\.ts$/, '.d.ts')] : isAsset(file) ? [file] : []

function expectedFiles() {
  const dist = filesUnder(join(root, 'src')).flatMap(compiled)
  const recipes = filesUnder(join(root, 'recipes'))
  return [...always, ...dist.map((file) => `dist/${file}`), ...recipes.map((file) => `recipes/${file}`)]
}

/** What `npm pack` reports: an array of packages, or since npm 12 an object of them. */
export const packReport = (json) => Object.values(JSON.parse(json))[0]

export const packed = {
  name: 'packed',
  about: 'the packed files are the allowed ones',
  run: async (report) => {
    if (!(await hasBuild(report, 'packed files'))) return
    const { code, stdout, output } = await npm(['pack', '--dry-run', '--json', '--ignore-scripts'], { quiet: true })
    if (code !== 0) return report.fail('npm pack', output)
    const { files, size } = packReport(stdout)
    const found = new Set(files.map((file) => file.path))
    const expected = new Set(expectedFiles())
    for (const file of found)
      if (!expected.has(file)) report.fail(file, 'would be packed, but nothing in src/ makes it')
    for (const file of expected) {
      if (found.has(file)) report.pass()
      else report.fail(file, 'should be packed, but is not')
    }
    const { packedKB } = JSON.parse(readFileSync(join(root, 'test/budgets.json'), 'utf8'))
    const kilobytes = Math.ceil(size / 1000)
    if (kilobytes <= packedKB) report.pass()
    else report.fail('size', `${kilobytes} kB packed; the budget (test/budgets.json) is ${packedKB} kB`)
    console.log(`${found.size} files, ${kilobytes} kB packed`)
  },
}
