/** Fills node_modules from package-lock.json, when it is not already what the lock file says; says first what that costs. */
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { npm, root } from './process.mjs'

const readJson = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'))

/** npm's rule for `os` and `cpu`: no list, or the name in it, or a list of exclusions without it. */
export const fits = (list, name) =>
  !list || list.includes(name) || (list.every((entry) => entry[0] === '!') && !list.includes(`!${name}`))

const isGlibc = () => Boolean(process.report?.getReport().header.glibcVersionRuntime)

/** Whether a package of the lock file belongs on this machine. */
const belongsHere = ({ os, cpu, libc }) =>
  fits(os, process.platform) &&
  fits(cpu, process.arch) &&
  (process.platform !== 'linux' || fits(libc, isGlibc() ? 'glibc' : 'musl'))

/** The packages of a lock file that this machine installs, by path. */
const wantedPackages = () =>
  Object.entries(readJson('package-lock.json').packages).filter(([path, entry]) => path && belongsHere(entry))

/** Why an installation is needed, or undefined. npm keeps what it installed in node_modules/.package-lock.json, written last. */
export function whyInstall() {
  if (!existsSync(join(root, 'node_modules'))) return 'node_modules is missing'
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return 'an earlier installation was interrupted'
  const installed = readJson('node_modules/.package-lock.json').packages
  for (const [path, { version, optional }] of wantedPackages()) {
    const found = installed[path]
    if (!found && optional) continue
    const name = path.slice(path.lastIndexOf('node_modules/') + 13)
    if (found?.version !== version) return `${name} ${version} is wanted, ${found?.version ?? 'none'} is installed`
    if (!optional && !existsSync(join(root, path))) return `${name} is missing from node_modules`
  }
}

export const networkTrouble =
  /ENOTFOUND|EAI_AGAIN|ECONNRESET|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|FETCH_ERROR|CERT_|network/i

/** npm's line that says most about why the network failed. */
export function networkReason(output) {
  const lines = output.split('\n').map((line) => line.replace(/^npm (error|ERR!) /, '').trim())
  return lines.find((line) => /reason:/.test(line)) ?? lines.find((line) => networkTrouble.test(line)) ?? 'no answer'
}

/** Shows the seconds go by on a terminal; elsewhere nothing. */
function ticking(text) {
  if (!process.stdout.isTTY) return () => {}
  const start = Date.now()
  const show = () => process.stdout.write(`\r${text} ${Math.round((Date.now() - start) / 1000)} s `)
  show()
  const timer = setInterval(show, 1000)
  return () => {
    clearInterval(timer)
    process.stdout.write('\r\x1b[K')
  }
}

/** Runs `npm ci`, twice more when the network fails. Exits with a message when nothing helps. */
export async function install(reason) {
  const size = readJson('test/budgets.json').install
  console.log(
    `Setting up: installing about ${wantedPackages().length} packages into node_modules (${reason}).\n` +
      `About ${size.downloadMB} MB to download, ${size.diskMB} MB on disk; ONNX Runtime, the engine, is more than half of it.`,
  )
  const { bavail, bsize } = statfsSync(root)
  const freeMB = Math.floor((bavail * bsize) / 1e6)
  if (freeMB < size.diskMB * 1.2) {
    console.error(`Only ${freeMB} MB are free on this disk. Make room and run the same command again.`)
    process.exit(1)
  }
  const start = Date.now()
  for (const pause of [3, 10, 0]) {
    const stop = ticking('Installing…')
    // onnxruntime-node's own script would fetch CUDA files from outside the registry; nothing else we use has a script that matters.
    const { code, output } = await npm(
      [
        'ci',
        '--prefer-offline',
        '--ignore-scripts',
        '--loglevel=error',
        '--fetch-retries=1',
        '--fetch-retry-mintimeout=2000',
      ],
      {
        quiet: true,
        env: { ONNXRUNTIME_NODE_INSTALL: 'skip' },
      },
    )
    stop()
    if (code === 0) {
      console.log(`Installed in ${Math.round((Date.now() - start) / 1000)} s. From now on no network is needed.\n`)
      return
    }
    if (!networkTrouble.test(output)) {
      console.error(`npm ci failed (exit code ${code}):\n${output.trim().split('\n').slice(-15).join('\n')}`)
      process.exit(1)
    }
    const line = networkReason(output)
    if (pause > 0) {
      console.log(`The package registry did not answer (${line}); trying again in ${pause} s.`)
      await new Promise((resolve) => setTimeout(resolve, pause * 1000))
    } else {
      console.error(`The package registry cannot be reached: ${line}`)
      console.error(
        'The first set-up needs network. Check the connection, or name a proxy (npm config set https-proxy URL).',
      )
      console.error('Then run the same command again; what was downloaded is kept.')
      process.exit(1)
    }
  }
}
