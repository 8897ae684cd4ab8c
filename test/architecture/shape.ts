/** How files are cut: their size, their first line, their exports. */
import { at, folderOf, isGenerated, isTest, type Node, type Source, type Violation } from './source.ts'

export type Budgets = { readonly fileLines: number; readonly modelFileLines: number; readonly srcLines: number }

/** Lines of a text, a last line without its end included. */
export const lineCount = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

/** A hand-written file fits its budget; a model file fits on a page. */
export function fileSize({ path, text }: Source, budgets: Budgets): Violation[] {
  if (isGenerated(path)) return []
  const isModel = folderOf(path) === 'models' && !isTest(path) && !path.endsWith('/index.ts')
  const limit = isModel ? budgets.modelFileLines : budgets.fileLines
  const lines = lineCount(text)
  return lines > limit
    ? [`${path}:${limit + 1}: ${lines} lines; ${isModel ? 'a model file has' : 'a file has'} at most ${limit}`]
    : []
}

/** All hand-written code of src/, tests aside, fits the budget. */
export function totalSize(files: readonly Source[], budgets: Budgets): Violation[] {
  const counted = files.filter(({ path }) => folderOf(path) !== undefined && !isTest(path) && !isGenerated(path))
  const lines = counted.reduce((sum, { text }) => sum + lineCount(text), 0)
  return lines > budgets.srcLines ? [`src: ${lines} lines; test/budgets.json allows ${budgets.srcLines}`] : []
}

/** The first line (after a shebang) is a comment that starts the sentence which says what the file is for. A test beside its subject (x.ts, x.test.ts) need not repeat it. */
export function firstLine({ path, text }: Source): Violation[] {
  if (isGenerated(path) || /^src\/.*\.test\.ts$/.test(path)) return []
  const body = text.replace(/^#!.*\n/, '')
  const comment = /^\/\*\*?([\s\S]*?)\*\/|^((?:\/\/.*\n)+)/.exec(body)
  const words = (comment?.[1] ?? comment?.[2] ?? '').replace(/^\s*(\*|\/\/)/gm, ' ').trim()
  if (words.split(/\s+/).length >= 2 && /[.:!?]/.test(words)) return []
  return [`${path}:1: must begin with a comment, one sentence on what the file is for`]
}

/** Named exports only, and doors (`index.ts`) list what they let through one by one. */
export function namedExports(file: Source): Violation[] {
  if (folderOf(file.path) === undefined || isGenerated(file.path)) return []
  return (file.program.body as Node[]).flatMap((node) => {
    if (node.type === 'ExportDefaultDeclaration') return [at(file, node, 'has a default export; name it')]
    if (node.type === 'ExportAllDeclaration' && !node.exported)
      return [at(file, node, 'exports everything of another file; list the names')]
    return []
  })
}
