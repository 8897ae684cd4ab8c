/** Who may import whom: the folders of src/ in order, each with the folders its code is built on (ARCHITECTURE.md shows the same list). */
import { at, folderOf, importsOf, isTest, type Source, type Violation } from './source.ts'

/**
 * Each folder with the folders it names as its ground. What those stand on is allowed too; every arrow points to an earlier folder.
 * `cli` and `server` may use anything before them (but `server` not `cli`), and so may src/index.ts, the package's door.
 */
export const ground: Record<string, readonly string[]> = {
  base: [],
  hub: ['base'],
  tensor: ['base'],
  graph: ['tensor'],
  ops: ['graph', 'tensor'],
  transforms: ['graph', 'ops'],
  onnx: ['graph'],
  runtime: ['onnx', 'graph', 'tensor'],
  nn: ['ops', 'graph'],
  models: ['nn'],
  weights: ['models', 'tensor', 'transforms'],
  tokenizers: ['base', 'hub'],
  datasets: ['tokenizers', 'tensor'],
  generation: ['models', 'runtime', 'tokenizers', 'transforms', 'weights'],
  training: ['datasets', 'models', 'transforms', 'runtime', 'weights', 'generation'],
  inspection: ['models', 'runtime', 'tokenizers', 'generation'],
}

const commands = ['cli', 'server']
const library = Object.keys(ground)

/** Everything a folder may import besides itself. */
export function reach(folder: string): Set<string> {
  if (commands.includes(folder)) return new Set([...library, ''])
  if (folder === '') return new Set(library)
  const found = new Set<string>()
  const visit = (name: string): void => {
    for (const next of ground[name] ?? []) {
      if (found.has(next)) continue
      found.add(next)
      visit(next)
    }
  }
  visit(folder)
  return found
}

/** The path a relative import means. */
function resolve(path: string, from: string): string {
  const parts = path.split('/').slice(0, -1)
  for (const part of from.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/** Packages that are an engine of one runtime; only that runtime may load them. */
const engines: Record<string, RegExp> = {
  koffi: /^src\/runtime\/native/,
  'onnxruntime-node': /^src\/runtime\/native/,
  'onnxruntime-web': /^src\/runtime\/web/,
  '#onnxruntime-web': /^src\/runtime\/web/,
}

/** Folders that describe and never touch a file (invariant 2), and what of `base` is about files. */
const descriptions = ['tensor', 'graph', 'ops', 'transforms', 'onnx', 'nn', 'models']
const fileAccess = /^src\/base\/(files|atomic|line-log|lock)\.ts$/

/** Imports that point the wrong way, or out of src/, or at an engine from elsewhere. */
export function importOrder(file: Source): Violation[] {
  const folder = folderOf(file.path)
  if (folder === undefined || isTest(file.path)) return []
  if (folder !== '' && !library.includes(folder) && !commands.includes(folder))
    return [`${file.path}:1: the folder src/${folder} has no place in the order (test/architecture/order.ts)`]
  const allowed = reach(folder)
  return importsOf(file).flatMap(({ from, node }) => {
    if (from.startsWith('.')) {
      const path = resolve(file.path, from)
      const target = folderOf(path)
      if (target === undefined) return [at(file, node, `imports ${path}, which is outside src/`)]
      if (descriptions.includes(folder) && fileAccess.test(path))
        return [at(file, node, `src/${folder} describes, it never sees a file: imports ${path}`)]
      if (target === folder || allowed.has(target))
        return isTest(path) ? [at(file, node, `imports the test ${path}`)] : []
      return [
        at(file, node, `src/${folder} may not import src/${target} (allowed: ${[...allowed].join(', ') || 'nothing'})`),
      ]
    }
    const engine = Object.entries(engines).find(([name]) => from === name || from.startsWith(`${name}/`))
    return engine && !engine[1].test(file.path) ? [at(file, node, `imports ${from}, an engine of another folder`)] : []
  })
}
