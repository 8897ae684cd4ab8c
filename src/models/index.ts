/** The registry of models. */
import type { Definition } from './definition.ts'
import { gpt2 } from './gpt2.ts'

export type {
  Definition,
  InputSpec,
  ModelInputs,
  ModelOutputs,
  Network,
  PublishedSize,
  ResidualLayer,
  Size,
} from './definition.ts'

export const definitions: readonly Definition[] = [gpt2 as unknown as Definition]
