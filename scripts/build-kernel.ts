/** Compiles the WebAssembly kernels of src/training to the kernel.generated.ts beside each (`npm run build:kernel`). */
import { readFile, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import asc from 'assemblyscript/asc'

/** Folders with a kernel in assembly/kernel.ts, and whether it is also wanted for memory that threads share. */
const kernels = { optimizers: { shared: true }, masks: { shared: false } }
export type KernelName = keyof typeof kernels
export const kernelNames = Object.keys(kernels) as KernelName[]

const folderOf = (name: KernelName) => new URL(`../src/training/${name}/`, import.meta.url)
export const generatedFile = (name: KernelName) => new URL('kernel.generated.ts', folderOf(name))

/** The kernel for memory of its own, or for memory that threads share: WebAssembly asks a module to say which it imports. */
async function compile(name: KernelName, shared: boolean): Promise<string> {
  const source = await readFile(new URL('assembly/kernel.ts', folderOf(name)), 'utf8')
  let binary: Uint8Array | undefined
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--noExportMemory', '--enable', 'simd']
  if (shared) options.push('--enable', 'threads', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536')
  const { error, stderr } = await asc.main(['kernel.ts', '--outFile', 'kernel.wasm', ...options], {
    readFile: (file) => (file === 'kernel.ts' ? source : null),
    writeFile: (_file, contents) => {
      binary = contents as Uint8Array
    },
    listFiles: () => [],
  })
  if (error || !binary) throw new Error(`${error?.message ?? 'no output'}\n${stderr}`)
  return Buffer.from(binary).toString('base64')
}

/** The text of a generated module. */
export async function generateKernel(name: KernelName): Promise<string> {
  const lines = [
    '/** Generated from assembly/kernel.ts by `npm run build:kernel`: the kernel as WebAssembly, in base64. */',
    `export const ownMemoryKernel = '${await compile(name, false)}'`,
  ]
  if (kernels[name].shared) lines.push(`export const sharedMemoryKernel = '${await compile(name, true)}'`)
  return `${lines.join('\n')}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const name of kernelNames) await writeFile(generatedFile(name), await generateKernel(name))
