/** Model directories that must be refused, in one table: how each is made, and what its refusal says. */
import { configCases } from './model-files.configs.ts'
import type { ModelDirectory } from './model-files.fixture.ts'
import { placeCases } from './model-files.places.ts'
import { weightCases } from './model-files.weights.ts'

export type ModelCase = {
  readonly name: string
  /** Spoils a directory with a valid model. */
  readonly build: (model: ModelDirectory) => unknown
  /** What to open in place of the directory, a path in it. */
  readonly open?: string
  readonly code: string
  readonly says: RegExp
  /** Time in which it must be refused, where that is not `refusalBounds.milliseconds`. */
  readonly milliseconds?: number
  /** Why it cannot be tried on this platform. */
  readonly skip?: string | undefined
}

export const modelFiles: readonly ModelCase[] = [...weightCases, ...configCases, ...placeCases]

/** What a refusal may cost: processor time, and memory beyond the size of the file that is refused. */
export const refusalBounds = { milliseconds: 50, bytes: 32 * 2 ** 20 } as const
