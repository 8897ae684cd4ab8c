/** The invariants that a machine can see: tables answer instead of names, platform APIs stay in their places, randomness in one. */
import {
  at,
  folderOf,
  importsOf,
  isTest,
  lastName,
  type Node,
  objectOf,
  type Source,
  stringOf,
  type Violation,
  walk,
} from './source.ts'

const isComparison = (node: Node): boolean =>
  node.type === 'BinaryExpression' && /^[!=]==?$/.test(node.operator as string)

/** `node.op`, `op.name`, `node.op.name`, `opName`. */
function asksOp(node: Node | undefined): boolean {
  const name = lastName(node)
  if (name === 'op' || name === 'opName') return true
  return name === 'name' && node !== undefined && lastName(objectOf(node)) === 'op'
}

/** `config.model_type`, `modelType`, `architecture`. */
const asksModel = (node: Node | undefined): boolean => /^(model_?type|architectures?)$/i.test(lastName(node) ?? '')

const isNothing = (node: Node): boolean =>
  lastName(node) === 'undefined' || (node.type === 'Literal' && node.value === null)

/** Whether an expression lists strings or has string keys: a table written out in this file. */
function isTable(node: Node | undefined): boolean {
  if (!node) return false
  if (/^TS(As|Satisfies)Expression$/.test(node.type)) return isTable(node.expression as Node)
  if (node.type === 'ObjectExpression')
    return (node.properties as Node[]).some((property) => property.type === 'Property')
  if (node.type === 'ArrayExpression')
    return (node.elements as (Node | null)[]).some((item) => stringOf(item) !== undefined || isTable(item ?? undefined))
  if (node.type === 'NewExpression') return isTable((node.arguments as Node[])[0])
  return false
}

/** What each top-level or local `const` starts as. */
function initializers(program: Node): Map<string, Node> {
  const found = new Map<string, Node>()
  walk(program, (node) => {
    const name = node.type === 'VariableDeclarator' ? lastName(node.id as Node) : undefined
    if (name && node.init) found.set(name, node.init as Node)
  })
  return found
}

/** Invariant 1, ops: outside src/ops nobody asks which op it is, by name, by identity, or through a table of names. */
export function opNames(file: Source): Violation[] {
  const folder = folderOf(file.path)
  if (folder === undefined || folder === 'ops' || isTest(file.path)) return []
  const found: Violation[] = []
  const consts = initializers(file.program)
  const isLocalTable = (node: Node): boolean => isTable(node) || isTable(consts.get(lastName(node) ?? ''))
  walk(file.program, (node) => {
    if (isComparison(node)) {
      const sides = [node.left as Node, node.right as Node]
      if (sides.some(asksOp) && !sides.every(asksOp) && !sides.some(isNothing))
        found.push(at(file, node, 'asks which op this is; let the op record answer'))
    }
    if (node.type === 'SwitchStatement' && asksOp(node.discriminant as Node))
      found.push(at(file, node, 'switches on an op; let the op record answer'))
    if (
      node.type === 'MemberExpression' &&
      node.computed &&
      asksOp(node.property as Node) &&
      isLocalTable(node.object as Node)
    )
      found.push(at(file, node, 'keeps a table of op names; it belongs into the op records'))
    const callee = node.type === 'CallExpression' ? (node.callee as Node) : undefined
    if (callee && /^(has|get|includes)$/.test(lastName(callee) ?? '') && asksOp((node.arguments as Node[])[0])) {
      const table = objectOf(callee)
      if (table && isLocalTable(table))
        found.push(at(file, node, 'keeps a list of op names; it belongs into the op records'))
    }
  })
  return found
}

/** Invariant 1, models: outside src/models nobody asks for a model's name. `models` are the registered names. */
export function modelNames(file: Source, models: ReadonlySet<string>): Violation[] {
  const folder = folderOf(file.path)
  if (folder === undefined || folder === 'models' || isTest(file.path)) return []
  const found: Violation[] = []
  walk(file.program, (node) => {
    const values = isComparison(node)
      ? [node.left as Node, node.right as Node]
      : node.type === 'SwitchStatement'
        ? [node.discriminant as Node, ...(node.cases as Node[]).map((item) => item.test as Node)]
        : []
    const strings = values.map(stringOf).filter((value) => value !== undefined)
    if (strings.some((value) => models.has(value)) || (strings.length > 0 && values.some(asksModel)))
      found.push(at(file, node, 'asks which model this is; let the model record answer'))
  })
  return found
}

/** Folders and files that may touch the platform they run on. */
const platformPlaces = /^src\/(base\/|hub\/|runtime\/(native|web)|cli\/|server\/)/

/** Globals that Node and a page do not share. */
const platformGlobals = new Set(
  'process Buffer require __dirname __filename fetch window document navigator location localStorage sessionStorage indexedDB XMLHttpRequest Worker SharedWorker WebSocket Deno Bun setImmediate'.split(
    ' ',
  ),
)

/** Names that are only labels here: keys, members, and the sides of a declaration. */
const isLabel = (node: Node, parent: Node | undefined): boolean =>
  (parent?.type === 'MemberExpression' && parent.property === node && !parent.computed) ||
  (parent !== undefined && parent.key === node && !parent.computed) ||
  (parent?.type === 'TSQualifiedName' && parent.right === node)

/** The names that a pattern binds: `a`, `{ a, b: c = 1, ...rest }`, `[a, b]`. */
function boundNames(pattern: Node | null): string[] {
  if (!pattern) return []
  if (pattern.type === 'Identifier') return [pattern.name as string]
  const inner = [pattern.properties, pattern.elements, pattern.value, pattern.left, pattern.argument, pattern.parameter]
  return (inner.flat() as (Node | null | undefined)[]).flatMap((part) => boundNames(part ?? null))
}

/** Names a file declares itself: variables, parameters, functions, imports, types. */
function declared(program: Node): Set<string> {
  const names = new Set<string>()
  const bind = (pattern: Node | null): void => {
    for (const name of boundNames(pattern)) names.add(name)
  }
  walk(program, (node) => {
    if (/^(VariableDeclarator|FunctionDeclaration|ClassDeclaration|TS.*Declaration)$/.test(node.type))
      bind(node.id as Node | null)
    if (Array.isArray(node.params)) for (const item of node.params as Node[]) bind(item)
    if (/^Import.*Specifier$/.test(node.type)) bind(node.local as Node)
    if (node.type === 'TSTypeParameter') bind(node.name as Node)
  })
  return names
}

/** Invariant 5: outside the places above nothing touches a platform API, not even in a type. */
export function platformApis(file: Source): Violation[] {
  if (folderOf(file.path) === undefined || platformPlaces.test(file.path) || isTest(file.path)) return []
  const found = importsOf(file)
    .filter(({ from }) => from.startsWith('node:'))
    .map(({ from, node }) => at(file, node, `imports ${from}; use src/base/files.ts`))
  const own = declared(file.program)
  walk(file.program, (node, parent) => {
    const name = node.type === 'Identifier' ? (node.name as string) : undefined
    if (name && platformGlobals.has(name) && !own.has(name) && !isLabel(node, parent))
      found.push(at(file, node, `uses ${name}, which Node and a page do not share`))
    const property = node.type === 'MemberExpression' ? (lastName(node) ?? stringOf(node.property as Node)) : undefined
    if (property && platformGlobals.has(property) && lastName(objectOf(node)) === 'globalThis')
      found.push(at(file, node, `uses globalThis.${property}, which Node and a page do not share`))
  })
  return found
}

/** Invariant 6: numbers are drawn through src/base/random.ts only, so that a seed decides everything. */
export function randomness(file: Source): Violation[] {
  const found: Violation[] = []
  if (folderOf(file.path) === undefined) return found
  walk(file.program, (node) => {
    if (node.type === 'MemberExpression' && lastName(node) === 'random' && lastName(node.object as Node) === 'Math')
      found.push(at(file, node, 'uses Math.random; draw through src/base/random.ts'))
  })
  return found
}
