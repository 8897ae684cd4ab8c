/** A Vitest reporter that writes what `npm test` sums up: how many tests passed, which failed, which were skipped and why. */
import { writeFileSync } from 'node:fs'

export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const summary = { passed: 0, failed: [], skipped: [] }
    for (const module of modules) {
      const file = module.relativeModuleId
      const suites = [module, ...module.children.allSuites()]
      if (suites.some((suite) => suite.errors().length > 0)) summary.failed.push(`${file}: did not load or set up`)
      for (const test of module.children.allTests()) {
        const result = test.result()
        const name = `${file}: ${test.fullName}`
        if (result.state === 'passed') summary.passed++
        else if (result.state === 'failed') summary.failed.push(name)
        else summary.skipped.push({ name, why: result.note ?? 'no reason given' })
      }
    }
    for (const error of unhandledErrors) summary.failed.push(`outside any test: ${error.message}`)
    writeFileSync(process.env.PELLUCID_TEST_RESULTS, JSON.stringify(summary))
  }
}
