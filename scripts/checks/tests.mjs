/** The Vitest suites: the architecture first by itself, then all others. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { node, root } from '../process.mjs'

const reporter = fileURLToPath(new URL('./vitest-reporter.mjs', import.meta.url))
const architectureTest = 'test/architecture.test.ts'

/** Runs Vitest and takes over its tests one by one. */
async function vitest(report, args) {
  const folder = mkdtempSync(join(tmpdir(), 'pellucid-tests-'))
  const results = join(folder, 'results.json')
  try {
    const script = join(root, 'node_modules/vitest/vitest.mjs')
    const { code } = await node([script, 'run', '--reporter=default', `--reporter=${reporter}`, ...args], {
      env: { PELLUCID_TEST_RESULTS: results },
    })
    const { passed, failed, skipped } = JSON.parse(readFileSync(results, 'utf8'))
    report.pass(passed)
    for (const { name, why } of failed) report.fail(name, why)
    for (const { name, why } of skipped) report.skip(name, why)
    if (code !== 0 && failed.length === 0) report.fail('vitest', `exit code ${code} although no test failed`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const architecture = {
  name: 'architecture',
  about: 'import order, invariants and budgets',
  run: (report) => vitest(report, [architectureTest]),
}

export const unit = {
  name: 'unit',
  about: 'unit tests, op suite, oracles (Vitest)',
  run: (report) => vitest(report, ['--exclude', architectureTest]),
}
