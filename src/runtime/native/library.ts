/** Finds and loads the ONNX Runtime library that ships inside the npm package onnxruntime-node, and says why it cannot. */
import { failure } from '../../base/errors.ts'
import { fs, path } from '../../base/files.ts'
import { commandLineProblem } from './command-line.ts'

type Koffi = typeof import('koffi')
type LibraryHandle = import('koffi').LibraryHandle

/** An address in this process; null is the null pointer. */
export type Pointer = bigint | null

/**
 * The loaded library. `table` is the address of its `OrtApi` functions. `handle` is never used again, but koffi unloads a
 * library whose handle is garbage-collected, and later calls would then jump into unmapped memory.
 */
export type NativeLibrary = {
  readonly koffi: Koffi
  readonly handle: LibraryHandle
  readonly file: string
  readonly version: string
  readonly table: bigint
}

/** Why native running is not possible here, and what would mend it; one line each. */
export type NativeProblem = { readonly problem: string; readonly mend: string }

/** Version of the `OrtApi` table that this code was written against; newer libraries only append to it. */
const apiVersion = 22

/** Kernels run on the stack that koffi provides, 128 KiB unless set; MLAS alone may place 64 KiB of packed matrix there. */
const stackSize = 8 << 20

const reinstall = 'run: ONNXRUNTIME_NODE_INSTALL=skip npm install koffi onnxruntime-node'

const libraryNames: { readonly [platform: string]: RegExp } = {
  linux: /^libonnxruntime\.so(\.\d+)*$/,
  darwin: /^libonnxruntime\.\d+\.\d+\.\d+\.dylib$/,
  win32: /^onnxruntime\.dll$/,
}

/** Resolves packages from this file's place; `createRequire` loads synchronously and is invisible to bundlers for a page. */
const packages = () => process.getBuiltinModule('node:module').createRequire(import.meta.url)

/** The shared library's path for a platform and processor, or why there is none. */
export function findLibrary(
  platform: string = process.platform,
  arch: string = process.arch,
): { file: string } | NativeProblem {
  let root: string
  try {
    root = path().dirname(packages().resolve('onnxruntime-node/package.json'))
  } catch {
    return { problem: 'the package onnxruntime-node is not installed', mend: reinstall }
  }
  const wanted = libraryNames[platform]
  const bin = path().join(root, 'bin')
  const bindings = fs().existsSync(bin) ? fs().readdirSync(bin) : []
  for (const binding of bindings.filter((name) => name.startsWith('napi-'))) {
    const folder = path().join(bin, binding, platform, arch)
    const name =
      wanted &&
      fs().existsSync(folder) &&
      fs()
        .readdirSync(folder)
        .find((entry) => wanted.test(entry))
    if (name) return { file: path().join(folder, name) }
  }
  const here =
    bindings.length > 0 ? `onnxruntime-node has no library for ${platform}/${arch}` : `${bin} holds no library`
  return { problem: here, mend: bindings.length > 0 ? 'use --runtime web on this machine' : reinstall }
}

function loadKoffi(): { koffi: Koffi } | NativeProblem {
  let koffi: Koffi
  try {
    koffi = packages()('koffi') as Koffi
  } catch (error) {
    const missing = (error as { code?: string }).code === 'MODULE_NOT_FOUND'
    const why = missing ? 'is not installed' : `cannot load (${firstLine(error)})`
    return { problem: `the package koffi ${why}`, mend: reinstall }
  }
  const set = koffi.config() as { async_stack_size: number; sync_stack_size: number }
  if (set.async_stack_size >= stackSize && set.sync_stack_size >= stackSize) return { koffi }
  try {
    koffi.config({ async_stack_size: stackSize, sync_stack_size: stackSize })
    return { koffi }
  } catch {
    return {
      problem: `koffi is already in use in this process with stacks of ${set.async_stack_size >> 10} KiB`,
      mend: `before its first use, call koffi.config({ async_stack_size: ${stackSize}, sync_stack_size: ${stackSize} })`,
    }
  }
}

const firstLine = (error: unknown): string => String((error as Error).message ?? error).split('\n')[0]!

/** musl has no glibc version to report. Asked only once loading has failed, since a report takes milliseconds. */
function isMusl(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined
  return process.platform === 'linux' && report?.header !== undefined && !report.header.glibcVersionRuntime
}

function load(): NativeLibrary | NativeProblem {
  const long = commandLineProblem()
  if (long) return long
  const found = findLibrary()
  if ('problem' in found) return found
  const ffi = loadKoffi()
  if ('problem' in ffi) return ffi
  const { koffi } = ffi
  const { file } = found
  try {
    const handle = koffi.load(file)
    const base = handle.func('void *OrtGetApiBase()')() as bigint
    const [getApi, getVersion] = koffi.decode(base, koffi.array('void *', 2)) as [bigint, bigint]
    const version = koffi.decode(getVersion, koffi.proto('const char *', []))() as string
    const table = koffi.decode(getApi, koffi.proto('void *', ['uint32_t']))(apiVersion) as Pointer
    if (table !== null) return { koffi, handle, file, version, table }
    return { problem: `ONNX Runtime ${version} lacks version ${apiVersion} of its C interface`, mend: reinstall }
  } catch (error) {
    if (isMusl())
      return {
        problem: 'ONNX Runtime needs glibc, and this system uses musl',
        mend: 'use --runtime web, or a glibc image',
      }
    return { problem: `${file} cannot load (${firstLine(error)})`, mend: reinstall }
  }
}

let loaded: NativeLibrary | NativeProblem | undefined

/** What keeps native running from working here, or undefined. Loads the library the first time. */
export function nativeProblem(): NativeProblem | undefined {
  loaded ??= load()
  return 'problem' in loaded ? loaded : undefined
}

/** The library, loaded once. Throws NATIVE_UNAVAILABLE, saying what is missing and how to mend it. */
export function nativeLibrary(): NativeLibrary {
  loaded ??= load()
  if ('problem' in loaded)
    throw failure(
      'NATIVE_UNAVAILABLE',
      `The native runtime cannot start: ${loaded.problem}.\nTo mend it: ${loaded.mend}.`,
    )
  return loaded
}
