/** The Python that tests exchange files and answers with. */
import { spawnSync } from 'node:child_process'

export const python = process.env.PYTHON ?? 'python3'

/** Why Python cannot be asked, if it lacks one of these modules. */
export function whyNot(...modules: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(python, ['-c', `import ${modules.join(', ')}`], { encoding: 'utf8' })
  if (status === 0) return undefined
  const reason = error?.message ?? stderr.trim().split('\n').at(-1)
  return `${python} cannot import ${modules.join(' and ')} (${reason}); name one that can with PYTHON`
}
