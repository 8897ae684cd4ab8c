/** The module path that traced nodes are labelled with: for errors, taps and printing; it never changes a result. */

let scope = ''

export const currentScope = (): string => scope

/** Runs `f` with `name` appended to the path (or as the whole path when `absolute`). */
export function inScope<T>(name: string, f: () => T, absolute = false): T {
  const outer = scope
  scope = absolute || outer === '' ? name : name === '' ? outer : `${outer}.${name}`
  try {
    return f()
  } finally {
    scope = outer
  }
}
