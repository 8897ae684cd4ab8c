/** Refuses a Node that is too old, in words a newcomer understands. Imported first; the set-up scripts keep to ES2020 syntax so that old versions get this far. */

const wanted = [20, 19]
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < wanted[0] || (major === wanted[0] && minor < wanted[1])) {
  console.error(`Pellucid needs Node ${wanted.join('.')} or newer; this is Node ${process.versions.node}.`)
  console.error('Get a current version from https://nodejs.org (or: nvm install 22), then run the same command again.')
  process.exit(1)
}
