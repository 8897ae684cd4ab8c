/** Every package a user of Pellucid installs carries a license from the allow-list, and the lock file pins it by its hash. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../process.mjs'

/** Licenses that ask for no more than their notice. */
const allowed = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
])

/** Whether an SPDX expression can be satisfied: OR needs one side, AND (which binds tighter) both. */
export function isAllowed(expression) {
  const tokens = expression.match(/[()]|[\w.+-]+/g) ?? []
  const term = () => {
    if (tokens[0] !== '(') return allowed.has(tokens.shift() ?? '')
    tokens.shift()
    const inner = either()
    tokens.shift()
    return inner
  }
  const both = () => {
    let result = term()
    while (tokens[0] === 'AND' && tokens.shift()) result = term() && result
    return result
  }
  const either = () => {
    let result = both()
    while (tokens[0] === 'OR' && tokens.shift()) result = both() || result
    return result
  }
  return either() && tokens.length === 0
}

export const licenses = {
  name: 'licenses',
  about: 'licenses of what a user installs; lock file',
  run: (report) => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
    for (const [path, entry] of Object.entries(packages)) {
      if (!path) continue
      if (!entry.integrity) report.fail(path, 'has no integrity hash in package-lock.json')
      if (entry.resolved) report.fail(path, `names a host in package-lock.json: ${entry.resolved}`)
      if (entry.dev) continue
      if (isAllowed(entry.license ?? '')) report.pass()
      else report.fail(path, `license ${entry.license ?? 'not stated'}; allowed: ${[...allowed].join(', ')}`)
    }
  },
}
