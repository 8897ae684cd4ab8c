/** The package works for others: packed, installed into an empty project, with and without its native engine. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { networkReason, networkTrouble } from '../install.mjs'
import { npm } from '../process.mjs'
import { tryProgram } from './program.mjs'
import { hasBuild } from './tools.mjs'

/** The ways a user's `npm install pellucid` can go. `native`: whether ONNX Runtime's own library is there afterwards. */
const installations = [
  { where: 'in an empty project', native: true, env: { ONNXRUNTIME_NODE_INSTALL: 'skip' } },
  {
    where: "in an empty project where onnxruntime-node's download failed",
    native: false,
    // Its install script runs, is told to fetch the CUDA files, and finds a proxy that does not exist.
    env: {
      ONNXRUNTIME_NODE_INSTALL: 'cuda12',
      GLOBAL_AGENT_HTTP_PROXY: 'http://127.0.0.1:9',
      GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9',
      npm_config_ignore_scripts: 'false',
    },
  },
]

/** Our own environment without what the npm that runs us put there, except how it reaches the registry. */
const stranger = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => /^(npm_|INIT_CWD$)/i.test(name))
    .filter((name) => !/registry|cache|userconfig|globalconfig|proxy|cafile|execpath/i.test(name))
    .map((name) => [name, undefined]),
)

async function tryInstallation(report, base, tarball, { where, native, env }) {
  const folder = join(base, native ? 'native' : 'fallback')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "name": "empty", "type": "module", "private": true }')
  const options = { cwd: folder, quiet: true, seconds: 300, env: { ...stranger, ...env } }
  const installed = await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], options)
  if (installed.code !== 0 && networkTrouble.test(installed.output))
    return report.skip(where, `the package registry cannot be reached: ${networkReason(installed.output)}`)
  if (installed.code !== 0) return report.fail(`npm install ${where}`, installed.output)
  report.pass()

  const hasNative = existsSync(join(folder, 'node_modules/onnxruntime-node/package.json'))
  if (hasNative === native) report.pass()
  else report.fail(where, `onnxruntime-node should ${native ? '' : 'not '}be installed`)

  await tryProgram(report, folder, where)

  const doctor = await npm(['exec', '--offline', '--', 'pellucid', 'doctor', '--json'], options)
  if (doctor.code !== 0) return report.fail(`npx pellucid doctor ${where}`, doctor.output)
  const { runtime } = JSON.parse(doctor.stdout)
  const truth = native ? 'native' : 'web'
  if (runtime === truth) report.pass()
  else report.fail(`npx pellucid doctor ${where}`, `says that the runtime is ${runtime}; it is ${truth}`)
}

export const packageCheck = {
  name: 'package',
  about: "npm pack, installed elsewhere, runs the README's program",
  run: async (report) => {
    if (!(await hasBuild(report, 'package'))) return
    const base = mkdtempSync(join(tmpdir(), 'pellucid-package-'))
    try {
      const pack = await npm(['pack', '--ignore-scripts', '--pack-destination', base], { quiet: true })
      const name = readdirSync(base).find((file) => file.endsWith('.tgz'))
      if (pack.code !== 0 || !name) return report.fail('npm pack', pack.output)
      report.pass()
      for (const installation of installations) await tryInstallation(report, base, join(base, name), installation)
    } finally {
      rmSync(base, { recursive: true, force: true })
    }
  },
}
