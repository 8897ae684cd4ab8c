/** `npm test`: sets the clone up, runs every check and sums them up. `npm test -- types docs` runs only those. */
import './node-version.mjs'
import { setup } from './setup.mjs'

const started = Date.now()
await setup({ build: false })
const { checks } = await import('./checks/index.mjs')

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !checks.some((check) => check.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no check called ${unknown.join(', ')}. The checks: ${checks.map((check) => check.name).join(', ')}.`,
  )
  process.exit(2)
}

const color = process.stdout.isTTY && !process.env.NO_COLOR
const paint = (code, text) => (color ? `\x1b[${code}m${text}\x1b[0m` : text)
const indented = (text) => text.trim().replaceAll('\n', '\n    ')
const duration = (start) => `${((Date.now() - start) / 1000).toFixed(1)} s`

/** Runs one check; what it throws counts as a failure of the check. */
async function runCheck(check) {
  const counts = { passed: 0, failed: [], skipped: [] }
  const report = {
    pass: (number = 1) => {
      counts.passed += number
    },
    fail: (name, why = '') => {
      counts.failed.push({ name, why })
      console.log(`${paint(31, '✗')} ${name}${why && `\n    ${indented(why)}`}`)
    },
    skip: (name, why) => {
      counts.skipped.push({ name, why })
    },
  }
  const start = Date.now()
  console.log(`\n${paint(1, `── ${check.name}: ${check.about}`)}`)
  try {
    await check.run(report)
  } catch (error) {
    report.fail(check.name, error.stack ?? String(error))
  }
  const time = duration(start)
  const verdict = counts.failed.length > 0 ? paint(31, 'failed') : paint(32, 'ok')
  console.log(
    `${verdict} in ${time}: ${counts.passed} passed, ${counts.failed.length} failed, ${counts.skipped.length} skipped`,
  )
  return { check, time, ...counts }
}

const results = []
for (const check of checks) if (asked.length === 0 || asked.includes(check.name)) results.push(await runCheck(check))

console.log(`\n${paint(1, '── summary')}`)
const width = Math.max(...results.map(({ check }) => check.name.length))
for (const { check, time, passed, failed, skipped } of results) {
  const mark = failed.length > 0 ? paint(31, '✗') : passed > 0 ? paint(32, '✓') : paint(33, '–')
  const numbers = [passed, failed.length, skipped.length].map((number) => String(number).padStart(6)).join('')
  console.log(`${mark} ${check.name.padEnd(width)}${numbers}  ${time.padStart(8)}`)
}
console.log(
  `  ${''.padEnd(width)}${['passed', 'failed', 'skipped'].map((word) => word.padStart(9)).join('')}, in ${duration(started)} in all`,
)

/** What one kind of outcome befell, each with its check. */
const all = (kind) =>
  results.flatMap((result) => result[kind].map(({ name, why }) => ({ name: `${result.check.name}: ${name}`, why })))
const failed = all('failed')
const skipped = all('skipped')
for (const reason of new Set(skipped.map(({ why }) => why))) {
  const names = skipped.filter(({ why }) => why === reason).map(({ name }) => name)
  console.log(`\nSkipped, ${names.length}: ${reason}\n  ${names.join('\n  ')}`)
}
for (const { name, why } of failed) console.log(`\n${paint(31, 'Failed')}: ${name}\n    ${indented(why)}`)

const passed = results.reduce((sum, result) => sum + result.passed, 0)
console.log(`\n${passed} passed, ${failed.length} failed, ${skipped.length} skipped`)
process.exitCode = failed.length > 0 ? 1 : 0
