/** Compiles the optimizers' kernel to src/training/optimizers/kernel.generated.ts (`npm run build:kernel`). */
import { readFile, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import asc from 'assemblyscript/asc'

const folder = new URL('../src/training/optimizers/', import.meta.url)
export const generatedFile = new URL('kernel.generated.ts', folder)

/** The kernel for memory of its own, or for memory that threads share: WebAssembly asks a module to say which it imports. */
async function compile(shared: boolean): Promise<Uint8Array> {
  const source = await readFile(new URL('assembly/kernel.ts', folder), 'utf8')
  let binary: Uint8Array | undefined
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--noExportMemory', '--enable', 'simd']
  if (shared) options.push('--enable', 'threads', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536')
  const { error, stderr } = await asc.main(['kernel.ts', '--outFile', 'kernel.wasm', ...options], {
    readFile: (name) => (name === 'kernel.ts' ? source : null),
    writeFile: (_name, contents) => {
      binary = contents as Uint8Array
    },
    listFiles: () => [],
  })
  if (error || !binary) throw new Error(`${error?.message ?? 'no output'}\n${stderr}`)
  return binary
}

const base64 = async (shared: boolean) => Buffer.from(await compile(shared)).toString('base64')

/** The text of the generated module. */
export const generateKernel = async (): Promise<string> =>
  [
    '/** Generated from assembly/kernel.ts by `npm run build:kernel`: the kernel as WebAssembly, in base64. */',
    `export const ownMemoryKernel = '${await base64(false)}'`,
    `export const sharedMemoryKernel = '${await base64(true)}'`,
    '',
  ].join('\n')

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await writeFile(generatedFile, await generateKernel())
