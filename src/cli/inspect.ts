/** `pellucid inspect`: what a model makes of a text, or every output and gradient for given inputs. */
import { usageError } from '../base/errors.ts'
import { fs, kindOf, path } from '../base/files.ts'
import { resolveModel } from '../hub/resolve.ts'
import { loadModel, type Model, type RunResult } from '../model.ts'
import type { NdArray } from '../tensor/array.ts'
import { withDamage } from '../weights/non-finite.ts'
import { openSafetensors } from '../weights/safetensors.ts'
import { writeSafetensors } from '../weights/safetensors-write.ts'
import { drawCaptured, summaryJson } from './capture-view.ts'
import { painter } from './color.ts'
import type { Command, Terminal, Values } from './command.ts'
import { sameFile } from './data-files.ts'
import { askedFlags, parseHead, showText } from './inspect-views.ts'
import { filled, json, loadingOptions, modelArgument, runtimeOptions, whole } from './options.ts'

const prefix = 'input.'

export const inspect: Command = {
  name: 'inspect',
  summary: 'look inside: token surprises, attentions, states and gradients',
  arguments: [modelArgument],
  options: [
    { flags: '--text <text>', description: 'a text: each token colored by surprise, and what could have come instead' },
    {
      flags: '--attention <layer.head>',
      description: 'where a head looks in the text, as a map; auto picks one that singles out earlier tokens',
      parse: parseHead,
      repeat: true,
    },
    { flags: '--norms', description: 'how large the residual stream is after each layer, and what adds to it' },
    { flags: '--logit-lens', description: 'what would come next if the model stopped after each layer' },
    { flags: '--surprises', description: 'the surprises too, when another view is asked for' },
    {
      flags: '--inputs <file>',
      description: 'a safetensors file with tensors input.<argument>; needs no tokenizer',
      parse: filled('--inputs'),
    },
    {
      flags: '--output <file>',
      description: 'where to write output.<name> (and grad.<parameter>) as safetensors',
      parse: filled('--output'),
    },
    { flags: '--gradients', description: 'also the gradient of the loss by every parameter (needs labels)' },
    {
      flags: '--capture <pattern>',
      description:
        "values by path, such as 'transformer.h.*.mlp' or '**.weights': to --output, or their shape, mean and extremes",
      repeat: true,
    },
    {
      flags: '--top <n>',
      description: 'candidates told for each place of the text',
      parse: whole('--top', { min: 1, max: 50 }),
      default: 5,
    },
    json,
    ...loadingOptions,
    ...runtimeOptions,
  ],
  examples: [
    'inspect runs/world --text "Mia went to the park."',
    'inspect runs/world --text "Mia went to the park." --attention auto --logit-lens',
    'inspect MODEL --inputs in.safetensors --output out.safetensors --gradients',
  ],
  async run(values, terminal) {
    const { model: directory, text, inputs, output, gradients = false, capture, top, json: asJson } = values
    const { attention, norms, logitLens, surprises, strict, allowMissing, quantize, runtime, threads } = values
    const asked = { attention, norms, logitLens, surprises }
    checkTogether(values, askedFlags(asked))
    if (output !== undefined) await checkOutput(output, inputs, await resolveModel(directory))
    const loading = { strict, allowMissing, quantize, runtime, threads }
    const model = await loadModel(directory, { ...loading, warn: (line) => terminal.note(`${line}\n`) })
    try {
      const given = inputs === undefined ? encodeText(model, text) : await readInputs(inputs)
      if (output !== undefined) {
        const groups = ['attentions', 'hidden_states']
        const tensors = outputTensors(await model.run(given, { capture: [...groups, ...capture], gradients }))
        await writeSafetensors(output, tensors)
        if (asJson) terminal.out(`${JSON.stringify({ output, tensors: [...tensors.keys()] })}\n`)
        else terminal.note(`${tensors.size} tensors written to ${output}\n`)
      }
      const captured = output === undefined && capture.length > 0 ? await summarized(model, given, capture) : {}
      if (text !== undefined && (output === undefined || askedFlags(asked).length > 0))
        await showText(model, text, { ...asked, top, captured }, asJson, terminal)
      else if (Object.keys(captured).length > 0) showCaptured(captured, asJson, terminal)
    } catch (error) {
      throw await withDamage(error, model.checkpoint.constants)
    } finally {
      await model.dispose()
    }
  },
}

/** Refuses flags that do not go together. */
function checkTogether({ text, inputs, output, gradients, capture, json: asJson }: Values, views: readonly string[]) {
  const refuse = (what: string) => usageError('BAD_USAGE', what)
  if ((text === undefined) === (inputs === undefined)) throw refuse('inspect takes either --text or --inputs.')
  if (inputs !== undefined && views.length > 0)
    throw refuse(`${views[0]} draws a text; found --inputs. Give --text in its place.`)
  if (inputs !== undefined && output === undefined && capture.length === 0)
    throw refuse('--inputs needs --output, a safetensors file to write, or --capture.')
  if (gradients && output === undefined) throw refuse('--gradients needs --output, a safetensors file to write.')
  if (asJson && output !== undefined && views.length > 0)
    throw refuse(`--json tells either what --output holds or ${views[0]}; leave one of them out.`)
}

/** Captured values as `run` groups them, under the paths that files use. */
async function summarized(
  model: Model,
  given: Record<string, NdArray | number[][]>,
  capture: readonly string[],
): Promise<Record<string, NdArray>> {
  const { attentions = [], hidden_states = [], captured } = await model.run(given, { capture })
  const named = (kind: string, arrays: readonly NdArray[]) => arrays.map((array, i) => [`${kind}.${i}`, array] as const)
  return {
    ...Object.fromEntries([...named('hidden_states', hidden_states), ...named('attentions', attentions)]),
    ...captured,
  }
}

function showCaptured(captured: Record<string, NdArray>, asJson: boolean, terminal: Terminal): void {
  if (asJson) terminal.out(`${JSON.stringify({ captured: summaryJson(captured) })}\n`)
  else terminal.out(`${drawCaptured(captured, painter(terminal.color), terminal.columns)}\n`)
}

/** Says early what would fail after the work, or do harm: no directory for the output; the inputs, or a file of the model, in its place. */
async function checkOutput(output: string, inputs: string | undefined, model: string): Promise<void> {
  const { dirname, join } = path()
  if (inputs !== undefined && (await sameFile(inputs, output)))
    throw usageError(
      'OUTPUT_IS_INPUT',
      `--output ${output}: is also --inputs, which would be overwritten. Choose another.`,
    )
  const kind = await kindOf(output)
  if (kind === 'directory')
    throw usageError('IS_A_DIRECTORY', `--output ${output}: is a directory, expected a file to write.`)
  if (kind === 'other')
    throw usageError('NOT_A_FILE', `--output ${output}: is a pipe, socket or device, expected a file to write.`)
  if (kind && (await kindOf(model)) === 'directory')
    for (const name of await fs().promises.readdir(model))
      if (await sameFile(join(model, name), output))
        throw usageError(
          'OUTPUT_IS_INPUT',
          `--output ${output}: is a file of the model, which would be overwritten. Choose another.`,
        )
  if ((await kindOf(dirname(output))) !== 'directory')
    throw usageError('NO_DIRECTORY', `--output ${output}: there is no directory ${dirname(output)}. Make it first.`)
}

function encodeText(model: Model, text: string): Record<string, number[][]> {
  if (!model.tokenizer)
    throw usageError('NO_TOKENIZER', 'This model has no tokenizer: give --inputs with token ids instead of --text.')
  const { ids } = model.tokenizer.encode(text, { special: 'parse' })
  return { input_ids: [[...ids]], labels: [[...ids]] }
}

async function readInputs(file: string): Promise<Record<string, NdArray>> {
  const tensors = await openSafetensors(file)
  const inputs: Record<string, NdArray> = {}
  for (const name of tensors.entries.keys())
    if (name.startsWith(prefix)) inputs[name.slice(prefix.length)] = await tensors.read(name)
  if (Object.keys(inputs).length === 0)
    throw usageError(
      'NO_INPUTS',
      `${file}: holds no tensor named input.<argument>; it holds ${[...tensors.entries.keys()].slice(0, 4).join(', ') || 'none'}.`,
    )
  return inputs
}

/** A result under the names that files use. */
function outputTensors(result: RunResult): Map<string, NdArray> {
  const tensors = new Map<string, NdArray>([['output.logits', result.logits]])
  if (result.loss) tensors.set('output.loss', result.loss)
  for (const kind of ['hidden_states', 'attentions'] as const)
    for (const [i, array] of (result[kind] ?? []).entries()) tensors.set(`output.${kind}.${i}`, array)
  for (const [path, array] of Object.entries(result.captured)) tensors.set(`output.${path}`, array)
  for (const [name, array] of Object.entries(result.gradients ?? {})) tensors.set(`grad.${name}`, array)
  return tensors
}
