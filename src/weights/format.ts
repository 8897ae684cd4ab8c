/** How a model is stored: its config.json fields and the names of its tensors, one table a model. */

import type { z } from 'zod'
import type { Definition } from '../models/definition.ts'

/** A Hugging Face config.json: known fields and whatever else it holds. */
export type ConfigFile = { readonly [field: string]: unknown }

export type Format<C = unknown> = {
  readonly definition: Definition<C>
  /** Checks the fields of config.json that change numbers and turns them into the model's own config. */
  readonly config: z.ZodType<C>
  /** Every field of config.json that is understood, beside those that all models have. */
  readonly known: readonly string[]
  /** The other way: fields for config.json. */
  readonly fields: (config: C) => ConfigFile
  /** Parameter path of a stored tensor; undefined for buffers and tied copies that carry nothing of their own. */
  readonly parameterOf: (stored: string, config: C) => string | undefined
  /** Names under which a tied parameter may be stored a second time, or only there, with the parameter's path. */
  readonly copies: (config: C) => ReadonlyMap<string, string>
}

/** Infers C, so that a table cannot mix the configs of two models. */
export const defineFormat = <C>(format: Format<C>): Format => format as unknown as Format
