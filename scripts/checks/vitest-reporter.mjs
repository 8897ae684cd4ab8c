/** A Vitest reporter that writes what `npm test` sums up: how many tests passed, which failed and were skipped, and why. */
import { writeFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'

/** What errors say, without colours and short enough for a summary. */
const said = (errors) =>
  stripVTControlCharacters(errors.map(({ message, diff }) => `${message}\n${diff ?? ''}`).join('\n')).slice(0, 2500)

export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const summary = { passed: 0, failed: [], skipped: [] }
    for (const module of modules) {
      const file = module.relativeModuleId
      const suites = [module, ...module.children.allSuites()]
      const broken = suites.flatMap((suite) => suite.errors())
      if (broken.length > 0) summary.failed.push({ name: `${file}: did not load or set up`, why: said(broken) })
      for (const test of module.children.allTests()) {
        const result = test.result()
        const name = `${file}: ${test.fullName}`
        if (result.state === 'passed') summary.passed++
        else if (result.state === 'failed') summary.failed.push({ name, why: said(result.errors) })
        else summary.skipped.push({ name, why: result.note ?? 'no reason given' })
      }
    }
    for (const error of unhandledErrors) summary.failed.push({ name: 'outside any test', why: said([error]) })
    writeFileSync(process.env.PELLUCID_TEST_RESULTS, JSON.stringify(summary))
  }
}
