/** Parameters that a file of weights lacks: refused, or drawn at random where that is asked for. */
import { fileError } from '../base/errors.ts'
import { siteOf } from '../base/random.ts'
import type { ConstantSource } from '../graph/program.ts'
import type { Tensor } from '../graph/tensor.ts'
import { sizeOf } from '../tensor/array.ts'

/** Most values drawn for one model, 4 GiB of them: a config.json that asks for more is a mistake or an attack. */
const mostDrawn = 2 ** 30

const listed = (names: readonly string[]): string => `${names.slice(0, 4).join(', ')}${names.length > 4 ? ', …' : '.'}`

/** The error for missing parameters. */
export const missingTensors = (missing: readonly string[], total: number, place: string) =>
  fileError(
    'MISSING_TENSORS',
    `${place}: ${missing.length} of ${total} tensors are missing: ${listed(missing)}\n` +
      'Do config.json and the weights belong together? With --allow-missing (allowMissing) such tensors are drawn at random.',
  )

/** A warning that names parameters drawn at random. */
export const drawnWarning = (missing: readonly string[], total: number, place: string): string =>
  `${place}: ${missing.length} of ${total} tensors are missing and were drawn at random: ${listed(missing)}`

/** Fresh values for missing parameters, those that a new model with seed 0 would have. Throws TOO_LARGE. */
export function drawMissing(missing: ReadonlyMap<string, Tensor>, place: string): Map<string, ConstantSource> {
  let total = 0
  const sources = new Map<string, ConstantSource>()
  for (const [name, { node, shape }] of missing) {
    const { init } = node.attributes
    const lengths = shape as readonly number[]
    total += sizeOf(lengths)
    if (total > mostDrawn)
      throw fileError(
        'TOO_LARGE',
        `${place}: ${name} is missing, and [${lengths.join(', ')}] are too many values to draw at random (limit ${mostDrawn}).`,
      )
    const read = async () => {
      const data = new Float32Array(sizeOf(lengths))
      init.fill(data, lengths, 0, siteOf(name))
      return { dtype: 'float32' as const, shape: lengths, data }
    }
    sources.set(name, { dtype: 'float32', read })
  }
  return sources
}
