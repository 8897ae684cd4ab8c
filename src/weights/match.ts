/** Stored tensors matched to the parameters of a model. */
import { fileError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { someOf } from '../base/list.ts'
import { type Shape, shapesEqual, shapeText } from '../graph/axis.ts'
import type { ConstantSource, Program } from '../graph/program.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Network } from '../models/definition.ts'
import { parameters } from '../nn/index.ts'
import { isFloat } from '../tensor/dtype.ts'
import type { Described } from './config.ts'
import type { ConfigFile } from './format.ts'
import { drawMissing, drawnWarning, missingTensors } from './missing.ts'
import type { Quantized } from './quantized.ts'
import type { Safetensors } from './safetensors.ts'
import { storedBlocks, wholeMatrix } from './stored-blocks.ts'

/** A network with a stored value for each of its parameters. */
export type Checkpoint = Described & {
  readonly network: Network
  readonly parameters: ReadonlyMap<string, Tensor>
  /** For programs: every parameter as a constant. */
  readonly constants: Program['constants']
  /** Matrices that are multiplied in few bits, where asked for. */
  readonly quantized?: Quantized | undefined
  /** generation_config.json, where there is one. */
  readonly generation?: ConfigFile
  readonly warnings: readonly string[]
}

export type MatchOptions = {
  /** Draw missing tensors at random, as for a new model, and warn, in place of refusing. */
  readonly allowMissing?: boolean | undefined
}

/**
 * Matches stored tensors to the parameters of the model that the config describes, without reading any values. Throws
 * MISSING_TENSORS, WRONG_SHAPE, WRONG_DTYPE or DUPLICATE_TENSOR; a warning lists tensors that the model does not have. `place` is
 * what messages call the weights.
 */
export function matchWeights(
  described: Described,
  weights: Safetensors,
  place: string,
  { allowMissing = false }: MatchOptions = {},
): Checkpoint & { readonly storedAs: ReadonlyMap<string, string> } {
  const { format, config } = described
  checkDepth(described, weights, place, allowMissing)
  const network = format.definition.build(config)
  const all = parameters(network)
  const storedAs = new Map<string, string>()
  const extra: string[] = []
  const inBlocks = storedBlocks(
    described.quantization,
    { network, format, config, parameters: all },
    weights,
    (stored, tensor) => sourceOf(stored, tensor, weights, place),
  )
  const blocks = new Map(inBlocks?.matrices.map((each) => [each.name, each]))
  for (const stored of weights.entries.keys()) {
    const name = format.parameterOf(stored, config)
    if (name === undefined || blocks.has(/^(.*)\.(?:codes|scales)$/.exec(name)?.[1] ?? '')) continue
    const twin = storedAs.get(name)
    if (twin !== undefined)
      throw fileError(
        'DUPLICATE_TENSOR',
        `${place}: ${twin} and ${stored} are both the model's ${name}. Keep one of them.`,
      )
    if (all.has(name)) storedAs.set(name, stored)
    else extra.push(stored)
  }
  for (const [stored, name] of format.copies(config))
    if (!storedAs.has(name) && weights.entries.has(stored)) storedAs.set(name, stored)

  const missing = new Map([...all].filter(([name]) => !storedAs.has(name) && !blocks.has(name)))
  if (missing.size > 0 && !allowMissing) {
    // A shape that differs says more about what is wrong than a list of what is missing.
    for (const [name, stored] of storedAs) sourceOf(stored, all.get(name)!, weights, place)
    throw missingTensors([...missing.keys()], all.size, place)
  }
  const drawn = drawMissing(missing, place)
  const source = (name: string, tensor: Tensor): ConstantSource => {
    const stored = storedAs.get(name)
    if (stored !== undefined) return sourceOf(stored, tensor, weights, place)
    return drawn.get(name) ?? wholeMatrix(blocks.get(name)!)
  }
  const warnings = [
    ...(missing.size ? [drawnWarning([...missing.keys()], all.size, place)] : []),
    ...(extra.length ? [`${place}: not part of the model, so ignored: ${someOf(extra.map(show))}.`] : []),
  ]
  const constants = new Map([...all].map(([name, tensor]) => [name, { tensor, source: source(name, tensor) }]))
  return { ...described, network, parameters: all, constants, quantized: inBlocks, warnings, storedAs }
}

/** Refuses more layers than the file has tensors before the network is built, which would take long for very many. */
function checkDepth(
  { format, config }: Described,
  { entries }: Safetensors,
  place: string,
  allowMissing: boolean,
): void {
  const layers = format.definition.hiddenStates(config).length - 1
  if (layers > entries.size && !allowMissing)
    throw fileError(
      'MISSING_TENSORS',
      `${place}: holds ${entries.size} tensors, but config.json asks for ${layers} layers.\nDo they belong together?`,
    )
}

/** Where the values of a parameter come from. Throws WRONG_SHAPE, WRONG_DTYPE. */
function sourceOf(stored: string, tensor: Tensor, weights: Safetensors, place: string): ConstantSource {
  const { dtype, shape, stored: type, file, offset, byteLength } = weights.entries.get(stored)!
  if (!shapesEqual(shape, tensor.shape))
    throw fileError(
      'WRONG_SHAPE',
      `${place}: ${stored} is ${shown(shape)}, config.json asks for ${shown(tensor.shape)}.\nDo they belong together?`,
    )
  const [fits, expected] = isFloat(tensor.dtype)
    ? [dtype !== undefined && isFloat(dtype), 'floats (F32, F16, BF16 or F64)']
    : [dtype === tensor.dtype, tensor.dtype]
  if (!fits)
    throw fileError(
      'WRONG_DTYPE',
      `${place}: ${stored} is ${type}, expected ${expected}.\n` +
        'Weights that others have quantized are not supported: load the model that they were made from.',
    )
  const location =
    file === undefined ? {} : { location: { path: file, offset, length: byteLength, unchanged: weights.unchanged } }
  return { dtype: dtype!, read: () => weights.read(stored), ...location }
}

/** A shape as a message shows it; a hostile one may have millions of axes. */
const shown = (shape: Shape): string => (shape.length > 8 ? `of rank ${shape.length}` : shapeText(shape))
