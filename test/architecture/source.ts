/** One file under examination: its text, its syntax tree, and the few questions the architecture rules ask of it. */
import { parseSync } from 'vite'

/** A node of the syntax tree (ESTree with TypeScript's additions); `start` is an offset into the text. */
export type Node = { type: string; start: number; end: number; [field: string]: unknown }

export type Source = { readonly path: string; readonly text: string; readonly program: Node }

/** What breaks a rule, and where: `src/nn/linear.ts:12: what is wrong`. */
export type Violation = string

/** AssemblyScript looks like TypeScript and is not (decorators on functions, its own types); rules about text apply to it, rules about syntax do not. */
const isAssemblyScript = (path: string): boolean => path.includes('/assembly/')

/** Parses a file. `path` is relative to the repository, with forward slashes. */
export function source(path: string, text: string): Source {
  if (isAssemblyScript(path)) return { path, text, program: { type: 'Program', start: 0, end: 0, body: [] } }
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]!.message}`)
  return { path, text, program: program as unknown as Node }
}

/** The folder below src/ that a path lies in, '' for src/ itself, undefined outside. */
export const folderOf = (path: string): string | undefined =>
  /^src\/(?:([^/]+)\/)?[^/]+$|^src\/([^/]+)\//.exec(path)?.slice(1).find(Boolean) ??
  (path.startsWith('src/') ? '' : undefined)

/** Tests and the suites they share may look at anything. */
export const isTest = (path: string): boolean => /\.(test|suite)\.ts$/.test(path) || path.startsWith('test/')

/** Written by a tool, so no rule of style applies. */
export const isGenerated = (path: string): boolean => /(\.generated|_pb)\.ts$/.test(path)

export const at = ({ path, text }: Source, node: Node, what: string): Violation =>
  `${path}:${text.slice(0, node.start).split('\n').length}: ${what}`

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === 'string'

/** The node and everything below it, parents first. `visit` gets each node with its parent. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  visit(node, parent)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit, node)
  }
}

/** The module names a file imports or re-exports, types and dynamic imports included. */
export function importsOf({ program }: Source): { from: string; node: Node }[] {
  const found: { from: string; node: Node }[] = []
  walk(program, (node) => {
    const named = /^(Import|ExportNamed|ExportAll)Declaration$|^(ImportExpression|TSImportType)$/.test(node.type)
    const from = named ? stringOf(node.source as Node | undefined) : undefined
    if (from !== undefined) found.push({ from, node })
  })
  return found
}

/** The value of a string literal (or a template without holes). */
export function stringOf(node: Node | null | undefined): string | undefined {
  if (node?.type === 'TSLiteralType') return stringOf(node.literal as Node)
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  return undefined
}

/** The name at the end of `a`, `x.a`, `x?.a`, `(x as T).a`, `x.a!`. */
export function lastName(node: Node | null | undefined): string | undefined {
  if (!node) return undefined
  if (node.type === 'Identifier') return node.name as string
  if (node.type === 'MemberExpression' && !node.computed) return lastName(node.property as Node)
  if (/^(ChainExpression|TSNonNullExpression|TSAsExpression|ParenthesizedExpression)$/.test(node.type))
    return lastName(node.expression as Node)
  return undefined
}

/** The object of a member access, without casts around it. */
export function objectOf(node: Node): Node | undefined {
  if (node.type === 'MemberExpression') {
    let object = node.object as Node
    while (/^(TSNonNullExpression|TSAsExpression|ParenthesizedExpression)$/.test(object.type))
      object = object.expression as Node
    return object
  }
  return isNode(node.expression) ? objectOf(node.expression) : undefined
}
