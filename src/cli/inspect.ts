/** `pellucid inspect`: what a model makes of a text, or every output and gradient for given inputs. */
import { usageError } from '../base/errors.ts'
import { fs, kindOf, path } from '../base/files.ts'
import { surprises } from '../inspection/surprise.ts'
import { loadModel, type Model, type RunResult } from '../model.ts'
import type { NdArray } from '../tensor/array.ts'
import { withDamage } from '../weights/non-finite.ts'
import { openSafetensors } from '../weights/safetensors.ts'
import { writeSafetensors } from '../weights/safetensors-write.ts'
import { painter } from './color.ts'
import type { Command, Terminal } from './command.ts'
import { sameFile } from './data-files.ts'
import { filled, json, loadingOptions, modelArgument, runtimeOptions, whole } from './options.ts'
import { drawSurprises } from './surprise-view.ts'

const prefix = 'input.'

export const inspect: Command = {
  name: 'inspect',
  summary: 'look inside: token surprises, attentions, states and gradients',
  arguments: [modelArgument],
  options: [
    { flags: '--text <text>', description: 'a text: each token colored by surprise, and what could have come instead' },
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
      description: "values by path, such as 'transformer.h.*.mlp' or '**.weights'",
      repeat: true,
    },
    {
      flags: '--top <n>',
      description: 'alternatives shown for the next token',
      parse: whole('--top', { min: 1, max: 50 }),
      default: 5,
    },
    json,
    ...loadingOptions,
    ...runtimeOptions,
  ],
  examples: [
    'inspect runs/world --text "Mia went to the park."',
    'inspect MODEL --inputs in.safetensors --output out.safetensors --gradients',
  ],
  async run(
    { model: directory, text, inputs, output, gradients = false, capture, top, json: asJson, ...loading },
    terminal,
  ) {
    if ((text === undefined) === (inputs === undefined))
      throw usageError('BAD_USAGE', 'inspect takes either --text or --inputs.')
    if (inputs !== undefined && output === undefined)
      throw usageError('BAD_USAGE', '--inputs needs --output, a safetensors file to write.')
    if (text !== undefined && gradients && output === undefined)
      throw usageError('BAD_USAGE', '--gradients needs --output, a safetensors file to write.')
    if (capture.length > 0 && output === undefined)
      throw usageError('BAD_USAGE', '--capture needs --output, a safetensors file to write.')
    if (output !== undefined) await checkOutput(output, inputs, directory)
    const model = await loadModel(directory, { ...loading, warn: (line) => terminal.note(`${line}\n`) })
    try {
      const given = inputs === undefined ? encodeText(model, text) : await readInputs(inputs)
      if (output !== undefined) {
        const captured = ['attentions', 'hidden_states', ...capture]
        const result = await model.run(given, { capture: captured, gradients })
        const tensors = outputTensors(result)
        await writeSafetensors(output, tensors)
        if (asJson) terminal.out(`${JSON.stringify({ output, tensors: [...tensors.keys()] })}\n`)
        else terminal.note(`${tensors.size} tensors written to ${output}\n`)
      }
      if (text !== undefined && output === undefined) await showText(model, text, top, asJson, terminal)
    } finally {
      await model.dispose()
    }
  },
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

async function showText(model: Model, text: string, top: number, asJson: boolean, terminal: Terminal): Promise<void> {
  const report = await surprises(model, text, top).catch(async (error) => {
    throw await withDamage(error, model.checkpoint.constants)
  })
  if (asJson) terminal.out(`${JSON.stringify(report)}\n`)
  else terminal.out(`${drawSurprises(report, painter(terminal.color), terminal.color, terminal.columns)}\n`)
}
