/** A loaded model: run it, look inside it, differentiate it, generate with it. */
import { fileError, usageError } from './base/errors.ts'
import { show } from './base/json.ts'
import {
  type Completion,
  Decoder,
  type GenerateOptions,
  Generator,
  type Piece,
  type Prompt,
} from './generation/index.ts'
import { symbol } from './graph/axis.ts'
import type { Program } from './graph/program.ts'
import type { Tensor } from './graph/tensor.ts'
import { resolveModel } from './hub/resolve.ts'
import { checkInputs, type InputValue } from './inputs.ts'
import { requiredInputs } from './models/definition.ts'
import { valuesIn } from './nn/index.ts'
import { input } from './ops/index.ts'
import { chooseRuntime, type RuntimeName } from './runtime/choose.ts'
import type { Executable, Runtime } from './runtime/runtime.ts'
import type { NdArray } from './tensor/array.ts'
import { findTokenizer, type Tokenizer } from './tokenizers/index.ts'
import { capture, matcher } from './transforms/capture.ts'
import { enter } from './transforms/enter.ts'
import { gradients } from './transforms/gradients.ts'
import { atInference } from './transforms/inference.ts'
import { type Checkpoint, openCheckpoint } from './weights/checkpoint.ts'
import { withDamage } from './weights/non-finite.ts'
import { type Quantization, quantizations } from './weights/quantization.ts'
import { inferenceProgram, quantized } from './weights/quantized.ts'

export type RunOptions = {
  /** 'attentions', 'hidden_states', or patterns of paths (`transformer.h.*.mlp`, `**.weights`). */
  readonly capture?: readonly string[]
  /** Also the gradient of the loss by every parameter; needs labels. */
  readonly gradients?: boolean
}

/** Outputs by their Hugging Face names. */
export type RunResult = {
  readonly logits: NdArray
  readonly loss?: NdArray
  /** Of each layer, after softmax: [batch, heads, query, key]. */
  readonly attentions?: readonly NdArray[]
  /** The embeddings, then the output of each layer, the last one after the final norm. */
  readonly hidden_states?: readonly NdArray[]
  /** Other captured values, by path. */
  readonly captured: Readonly<Record<string, NdArray>>
  /** By parameter path. */
  readonly gradients?: Readonly<Record<string, NdArray>>
}

export type LoadOptions = {
  readonly runtime?: RuntimeName | Runtime
  readonly threads?: number
  /** Makes the program that generates while the tokenizer is read, so that the first token comes sooner. */
  readonly prepare?: boolean
  /** Refuse weights that hold NaN or infinity; all of them are read for that. Otherwise there is a warning, for small models only. */
  readonly strict?: boolean
  /**
   * Multiply with weights in 8 or 4 bits, in blocks of 32 with a scale each: a quarter or less of the memory and several times the speed
   * of generation, for results that differ a little. They are made when the first program is.
   */
  readonly quantize?: Quantization | undefined
  /** Draw tensors that the files lack at random, and warn, in place of refusing the model. */
  readonly allowMissing?: boolean
  /**
   * Gets a line for each oddity of the model's files, and when the native runtime cannot be used; printed to stderr unless given.
   */
  readonly warn?: (message: string) => void
}

type Traced = {
  readonly program: Program
  readonly hidden: number
  readonly attentions: number
  readonly paths: readonly string[]
}

export class Model {
  readonly checkpoint: Checkpoint
  readonly runtime: Runtime
  readonly tokenizer: Tokenizer | undefined
  readonly #threads: number | undefined
  readonly #programs = new Map<string, Promise<{ traced: Traced; executable: Executable }>>()
  #readout: Promise<Executable> | undefined
  #generator: Generator | undefined

  constructor(
    checkpoint: Checkpoint,
    runtime: Runtime,
    options: { threads?: number; tokenizer?: Tokenizer; generator?: Generator } = {},
  ) {
    this.checkpoint = checkpoint
    this.runtime = runtime
    this.tokenizer = options.tokenizer
    this.#threads = options.threads
    this.#generator = options.generator
  }

  /** The most tokens the model sees at once. */
  get contextLength(): number {
    const { format, config } = this.checkpoint
    return format.definition.context(config)
  }

  /** The number of trained values, tied copies counted once. */
  get parameterCount(): number {
    return valuesIn(this.checkpoint.parameters)
  }

  /**
   * One forward pass, without dropout, over Hugging Face's arguments (`input_ids`, `attention_mask`, `position_ids`, `labels`).
   * Throws a usage error for an unknown, missing or wrong argument, gradients without labels, a pattern that matches nothing.
   */
  async run(inputs: Readonly<Record<string, InputValue | undefined>>, options: RunOptions = {}): Promise<RunResult> {
    const arrays = checkInputs(inputs, this.checkpoint)
    if (options.gradients && !arrays.labels) throw usageError('NO_LABELS', 'Gradients need a loss: give labels.')
    const { traced, executable } = await this.#compiled(arrays, options)
    return collect(traced, await executable.run(arrays))
  }

  /**
   * Logits [batch, tokens, vocabulary] of states [batch, tokens, width] of the residual stream, after whichever layer they come from:
   * what the model does after its last layer is done to them. Throws NO_RESIDUAL for a model without such a stream.
   */
  async readout(states: NdArray): Promise<NdArray> {
    const compiled = (this.#readout ??= this.runtime.compile(traceReadout(this.checkpoint), { threads: this.#threads }))
    return (await (await compiled).run({ states })).logits!
  }

  /** Writes text piece by piece, a streamed piece never ends inside a character. */
  async *generate(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<Piece> {
    try {
      yield* this.generator().stream(prompt, options)
    } catch (error) {
      throw await withDamage(error, this.checkpoint.constants)
    }
  }

  /** Continues one prompt or several at once; see GenerateOptions. */
  async complete(prompts: Prompt | readonly Prompt[], options: GenerateOptions = {}): Promise<Completion> {
    try {
      return await this.generator().complete(prompts, options)
    } catch (error) {
      throw await withDamage(error, this.checkpoint.constants)
    }
  }

  /** The decoding loop of this model, made on first use. */
  generator(): Generator {
    this.#generator ??= new Generator(this.checkpoint, this.runtime, {
      tokenizer: this.tokenizer,
      threads: this.#threads,
    })
    return this.#generator
  }

  /** Frees sessions and their memory. */
  async dispose(): Promise<void> {
    for (const program of this.#programs.values()) await (await program).executable.dispose()
    this.#programs.clear()
    await (await this.#readout)?.dispose()
    this.#readout = undefined
    await this.#generator?.dispose()
    this.#generator = undefined
  }

  /** Programs are kept by what they compute; with gradients also by shape, because derivatives need numbers. */
  #compiled(arrays: Readonly<Record<string, NdArray>>, options: RunOptions) {
    const shapes = options.gradients
      ? Object.entries(arrays).map(([name, { shape }]) => `${name}:${shape}`)
      : Object.keys(arrays)
    const key = JSON.stringify([shapes, options.capture ?? [], options.gradients ?? false])
    const known = this.#programs.get(key)
    if (known) return known
    const traced = trace(this.checkpoint, arrays, options)
    const compiled = this.runtime
      .compile(traced.program, { threads: this.#threads })
      .then((executable) => ({ traced, executable }))
    this.#programs.set(key, compiled)
    compiled.catch(() => this.#programs.delete(key))
    return compiled
  }
}

/** Traces a forward pass (and its derivatives) for these inputs. */
function trace(checkpoint: Checkpoint, arrays: Readonly<Record<string, NdArray>>, options: RunOptions): Traced {
  const { network, config, format, constants, parameters } = checkpoint
  const { definition } = format
  const inputs: Record<string, Tensor> = {}
  for (const spec of definition.inputs) {
    const array = arrays[spec.name]
    if (array) inputs[spec.name] = input(spec.name, options.gradients ? array.shape : spec.axes.map(symbol), spec.dtype)
  }
  const named = network(inputs)
  const asked = options.capture ?? []
  const groups = { hidden_states: definition.hiddenStates(config), attentions: definition.attentions(config) }
  const hidden = asked.includes('hidden_states') ? groups.hidden_states : []
  const attentions = asked.includes('attentions') ? groups.attentions : []
  const patterns = asked.filter((pattern) => !(pattern in groups))
  const opened = capture(atInference(Object.values(named)), [...hidden, ...attentions, ...patterns])
  const at = (path: string) => opened.captured.get(path)!
  const found = [...opened.captured.keys()]
  for (const pattern of patterns)
    if (!found.some((path) => matcher(pattern).test(path))) refusePattern(pattern, opened.outputs)
  const paths = found.filter((path) => patterns.some((pattern) => matcher(pattern).test(path)))
  let outputs: [string, Tensor][] = [
    ...Object.keys(named).map((name, i): [string, Tensor] => [name, opened.outputs[i]!]),
    ...hidden.map((path, i): [string, Tensor] => [`hidden_states.${i}`, at(path)]),
    ...attentions.map((path, i): [string, Tensor] => [`attentions.${i}`, at(path)]),
    ...paths.map((path): [string, Tensor] => [`captured.${path}`, at(path)]),
  ]
  if (options.gradients) {
    const loss = outputs.find(([name]) => name === 'loss')![1]
    const result = gradients(
      loss,
      [...parameters.values()],
      outputs.map(([, x]) => x),
    )
    outputs = outputs.map(([name], i) => [name, result.outputs[i]!])
    for (const [i, name] of [...parameters.keys()].entries()) outputs.push([`gradients.${name}`, result.gradients[i]!])
  }
  const traced = { inputs: new Map(Object.entries(inputs)), outputs: new Map(outputs) }
  // Derivatives are those of whole weights.
  const program = options.gradients ? { ...traced, constants } : inferenceProgram(checkpoint, traced)
  return { program, hidden: hidden.length, attentions: attentions.length, paths }
}

/** The model from the end of its last layer on. */
function traceReadout(checkpoint: Checkpoint): Program {
  const {
    network,
    config,
    format: { definition },
  } = checkpoint
  const last = definition.residual?.(config).at(-1)
  if (!last) throw usageError('NO_RESIDUAL', `${definition.type} has no residual stream that could be read out.`)
  const { outputs, input: states } = enter(
    atInference([network(requiredInputs(definition)).logits!]),
    last.end,
    'states',
  )
  return inferenceProgram(checkpoint, {
    inputs: new Map([['states', states]]),
    outputs: new Map([['logits', outputs[0]!]]),
  })
}

/** Says what there is to capture. */
function refusePattern(pattern: string, outputs: readonly Tensor[]): never {
  const all = [...capture(outputs, ['**']).captured.keys()]
  throw usageError(
    'NOTHING_CAPTURED',
    `No value matches '${pattern}'. There are ${all.length}, such as ${all.slice(0, 4).join(', ')}.`,
  )
}

/** Sorts a program's outputs into the groups of a result. */
function collect({ hidden, attentions, paths }: Traced, outputs: Readonly<Record<string, NdArray>>): RunResult {
  const list = (name: string, count: number) => Array.from({ length: count }, (_, i) => outputs[`${name}.${i}`]!)
  const gradientPrefix = 'gradients.'
  const named = Object.entries(outputs).filter(([name]) => name.startsWith(gradientPrefix))
  return {
    logits: outputs.logits!,
    ...(outputs.loss && { loss: outputs.loss }),
    ...(hidden && { hidden_states: list('hidden_states', hidden) }),
    ...(attentions && { attentions: list('attentions', attentions) }),
    captured: Object.fromEntries(paths.map((path) => [path, outputs[`captured.${path}`]!])),
    ...(named.length && {
      gradients: Object.fromEntries(named.map(([name, x]) => [name.slice(gradientPrefix.length), x])),
    }),
  }
}

/**
 * Loads a model: a directory, or the name of one that was downloaded (`owner/name`, `owner/name@revision`). Throws a file error that names
 * the file, the field or tensor and what was expected.
 */
export async function loadModel(source: string, options: LoadOptions = {}): Promise<Model> {
  const { directory, checkpoint } = await openModel(source, options)
  const { threads, warn = console.warn } = options
  for (const warning of checkpoint.warnings) warn(warning)
  const runtime =
    typeof options.runtime === 'object' ? options.runtime : await chooseRuntime(options.runtime, { threads, warn })
  const decoder = options.prepare ? Decoder.create(checkpoint, runtime, { threads }) : undefined
  decoder?.catch(() => {}) // reported where it is used
  try {
    const tokenizer = await tokenizerOf(directory, checkpoint)
    const generator = decoder && new Generator(checkpoint, runtime, { tokenizer, threads, decoder })
    return new Model(checkpoint, runtime, { threads, tokenizer, generator })
  } catch (error) {
    decoder?.then((made) => made.dispose()).catch(() => {})
    throw error
  }
}

/** The directory that is meant, and its files read, but for the values of the weights. Errors as with `loadModel`. */
export async function openModel(
  source: string,
  options: Pick<LoadOptions, 'strict' | 'allowMissing' | 'quantize'> = {},
): Promise<{ readonly directory: string; readonly checkpoint: Checkpoint }> {
  const directory = await resolveModel(source)
  return { directory, checkpoint: inBits(await openCheckpoint(directory, options), options.quantize) }
}

/** The checkpoint with weights in as many bits as asked for. Throws BAD_OPTION where they are stored in others. */
function inBits(checkpoint: Checkpoint, kind: Quantization | undefined): Checkpoint {
  const stored = checkpoint.quantized?.kind
  if (kind === undefined || kind === stored) return checkpoint
  if (stored)
    throw usageError('BAD_OPTION', `quantize is ${kind}, but the model's weights are stored as ${stored} already.`)
  if (!Object.hasOwn(quantizations, kind))
    throw usageError('BAD_OPTION', `quantize must be ${Object.keys(quantizations).join(' or ')}, found ${show(kind)}.`)
  return quantized(checkpoint, kind)
}

/** The tokenizer of a model directory, if it has one. Throws WRONG_TOKENIZER if it has more tokens than the model. */
async function tokenizerOf(directory: string, { format, config }: Checkpoint): Promise<Tokenizer | undefined> {
  const tokenizer = await findTokenizer(directory)
  const vocabulary = format.definition.vocabulary(config)
  if (tokenizer && tokenizer.vocabSize > vocabulary)
    throw fileError(
      'WRONG_TOKENIZER',
      `${directory}: the tokenizer has ids up to ${tokenizer.vocabSize - 1}, the model a vocabulary of ${vocabulary}.\n` +
        'Do tokenizer.json and config.json belong together?',
    )
  return tokenizer
}
