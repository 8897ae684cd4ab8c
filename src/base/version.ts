/** The version of the package, from its package.json. */
import { fs } from './files.ts'

export const version = (): string =>
  (JSON.parse(fs().readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
