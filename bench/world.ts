/** What `npm start` promises: how long the recipe `world` trains, and how many sampled sentences belong to the world and are new. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { acceptance, splitSentences, worldText } from '../src/datasets/world/index.ts'
import { loadModel } from '../src/model.ts'
import { parseRecipe } from '../src/training/recipe.ts'
import { findRecipe } from '../src/training/recipes.ts'
import { type Benchmark, need, runProgram } from './benchmark.ts'

const command = new URL('../dist/cli/main.js', import.meta.url).pathname
const sentences = 200
const temperature = 0.8

export const world: Benchmark = {
  name: 'world',
  description: `the recipe world: training time, and ${sentences} sentences sampled at temperature ${temperature}`,
  async run({ threads, keep }, log) {
    need(command, 'Our command', 'run `npm run build` first')
    const out = join(mkdtempSync(join(tmpdir(), 'pellucid-world-')), 'run')
    const recipe = parseRecipe(await findRecipe('world'))
    try {
      const { seconds } = await runProgram(process.execPath, [
        command,
        'train',
        '--out',
        out,
        '--threads',
        String(threads),
      ])
      const model = await loadModel(out, { threads })
      const sample: string[] = []
      for (let seed = 1; sample.length < sentences; seed++) {
        const { sequences } = await model.complete('', { maxNewTokens: 250, temperature, seed, returned: 8 })
        for (const { text } of sequences) sample.push(...splitSentences(text))
      }
      await model.dispose()
      const { seed, data } = recipe
      const result = acceptance(sample.slice(0, sentences), worldText({ seed, bytes: data.bytes }))
      const share = (n: number) => `${((100 * n) / result.checked).toFixed(1)} %`
      log(
        `trained in ${seconds.toFixed(1)} s; ${share(result.accepted)} belong to the world, ${share(result.novel)} are not in the training text`,
      )
      for (const { text, reason } of result.rejected) log(`  ${text}  (${reason})`)
      return { seconds, ...result }
    } finally {
      if (keep) log(`kept in ${out}`)
      else rmSync(out, { recursive: true, force: true })
    }
  },
}
