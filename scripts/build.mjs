/** Builds dist/ from src/ with the TypeScript compiler, when a source changed since the last time. `--force` builds anyway. */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { node, root } from './process.mjs'

/** The file that holds the fingerprint of the sources dist/ was built from. */
const stamp = join(root, 'node_modules/.cache/pellucid/build')
const main = 'cli/main.js'

/** Every file below a folder, as sorted paths with forward slashes. */
export const filesUnder = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath ?? entry.path, entry.name)
        .slice(folder.length + 1)
        .split('\\')
        .join('/'),
    )
    .sort()

/** Files of src/ that go into the package: compiled modules (what lies in `assembly/` is AssemblyScript, compiled apart) … */
export const isModule = (file) => /^(?!.*\bassembly\/).*\.ts$/.test(file) && !/\.(test|suite|d)\.ts$/.test(file)
/** … and what the compiler leaves alone: kernels, generated JavaScript with its declarations, data that modules import. */
export const isAsset = (file) => /\.(wasm|js|mjs|d\.ts|json)$/.test(file)

function fingerprint() {
  const hash = createHash('sha256')
  const src = join(root, 'src')
  const sources = filesUnder(src).filter((file) => isModule(file) || isAsset(file))
  const inputs = [
    ...sources.map((file) => join('src', file)),
    'tsconfig.json',
    'tsconfig.build.json',
    'package.json',
    'scripts/build.mjs',
  ]
  for (const file of inputs)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0')
  return hash.digest('hex')
}

/** True when dist/ is there and was built from what src/ holds now. */
const isFresh = (print) =>
  existsSync(join(root, 'dist', main)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print

/** Writes the command as one file, zod and protobuf included: Node opens it some 100 ms sooner than two hundred modules. */
async function bundle(file) {
  const { build: esbuild } = await import('esbuild')
  await esbuild({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    minifyWhitespace: true,
    external: ['@huggingface/hub', '@huggingface/jinja', 'commander', 'koffi', 'onnxruntime-node', '#onnxruntime-web'],
    ignoreAnnotations: true, // of side effects: they name dist/, which is not this folder yet
    logLevel: 'error',
  })
}

/**
 * Compiles into a folder beside dist/ and swaps the two, so that dist/ is never half a build.
 * @returns {Promise<boolean>} false when the sources do not compile; the compiler has said why
 */
export async function build({ force = false } = {}) {
  const print = fingerprint()
  if (!force && isFresh(print)) return true
  const start = Date.now()
  const next = join(root, `dist.${process.pid}`)
  try {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { code } = await node([tsc, '-p', 'tsconfig.build.json', '--outDir', next])
    if (code !== 0) return false
    const src = join(root, 'src')
    for (const file of filesUnder(src).filter(isAsset)) {
      mkdirSync(dirname(join(next, file)), { recursive: true })
      cpSync(join(src, file), join(next, file))
    }
    if (!readFileSync(join(next, main), 'utf8').startsWith('#!/usr/bin/env node\n'))
      throw new Error('src/cli/main.ts must start with "#!/usr/bin/env node": it is the command that npm installs.')
    await bundle(join(next, main))
    chmodSync(join(next, main), 0o755)
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    renameSync(next, join(root, 'dist'))
  } finally {
    rmSync(next, { recursive: true, force: true })
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, print)
  console.log(`Built dist/ in ${((Date.now() - start) / 1000).toFixed(1)} s.`)
  return true
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  if (!(await build({ force: process.argv.includes('--force') }))) process.exit(1)
}
