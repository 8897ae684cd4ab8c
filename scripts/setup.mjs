/** Makes a clone ready to run: the right Node, node_modules as the lock file says, dist/ as the sources say. Does nothing when all is so. */
import './node-version.mjs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Installs and builds where needed; exits with a message when that fails. `build: false` leaves dist/ alone. */
export async function setup({ build: wantBuild = true } = {}) {
  const { install, whyInstall } = await import('./install.mjs')
  const reason = whyInstall()
  if (reason) await install(reason)
  if (!wantBuild) return
  const { build } = await import('./build.mjs')
  if (await build()) return
  console.error('The sources do not compile (see above), so there is nothing to start.')
  process.exit(1)
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await setup()
