/** Names of models on the hub: `owner/name`, or a short name such as `gpt2`, and a revision behind an @. */
import { usageError } from '../base/errors.ts'
import { show } from '../base/json.ts'

export type ModelName = {
  /** `owner/name` or a short name. */
  readonly repository: string
  /** A branch, a tag or a commit. */
  readonly revision: string
}

const defaultRevision = 'main'

/** What the hub allows: letters, digits, `-`, `_` and `.`, the last two not at an end and none of the doubles `--` and `..`. */
const repositoryPattern = /^(?:[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?\/)?[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?$/
const isRepository = (text: string): boolean =>
  text.length <= 193 && repositoryPattern.test(text) && !/--|\.\.|\.git$/.test(text)

/** Branches and tags become paths in the cache, so what could lead out of it is none. */
const isRevision = (text: string): boolean =>
  /^[\w./+-]{1,200}$/.test(text) && !/^[/.-]|\.\.|\/\/|\/\.|[./]$|\.lock$/.test(text)

/** A commit, by its full hash. */
export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision)

/** The name that a text is, if it has the form of one: a path such as `./model` or `a/b/c` has not. */
export function parseName(text: string): ModelName | undefined {
  const at = text.indexOf('@')
  const repository = at < 0 ? text : text.slice(0, at)
  const revision = at < 0 ? defaultRevision : text.slice(at + 1)
  return isRepository(repository) && isRevision(revision) ? { repository, revision } : undefined
}

/** As a user would write it. */
export const nameText = ({ repository, revision }: ModelName): string =>
  revision === defaultRevision ? repository : `${repository}@${revision}`

/** The name to download; `revision` as given apart from it. Throws BAD_NAME. */
export function requireName(text: string, revision?: string): ModelName {
  const page = /^https?:\/\/[^/]+\/([^/]+\/[^/]+)\/?$/.exec(text)?.[1]
  const name = parseName(text)
  if (!name)
    throw usageError(
      'BAD_NAME',
      `${show(text)} is not the name of a model, expected owner/name or owner/name@revision.` +
        (page && parseName(page) ? ` Did you mean ${page}?` : ''),
    )
  if (revision === undefined) return name
  if (text.includes('@'))
    throw usageError('BAD_NAME', `${show(text)} names a revision, and --revision ${show(revision)} another; give one.`)
  if (!isRevision(revision))
    throw usageError(
      'BAD_NAME',
      `--revision is ${show(revision)}, expected a branch, a tag or the 40 digits of a commit.`,
    )
  return { ...name, revision }
}
