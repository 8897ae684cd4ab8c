/** `pellucid quantize`: a model directory with weights in 8 or 4 bits, and what that costs in perplexity. */

import { copyHashed } from '../base/digest.ts'
import { conflict, usageError } from '../base/errors.ts'
import { fs, kindOf, listDirectory, path } from '../base/files.ts'
import { evaluate } from '../evaluate.ts'
import { companionFiles } from '../hub/selection.ts'
import { loadModel, openModel } from '../model.ts'
import { type Quantization, quantizations } from '../weights/quantization.ts'
import { writeQuantized } from '../weights/stored-blocks.ts'
import type { Command, Terminal } from './command.ts'
import { checkDirectory, filesAsText } from './data-files.ts'
import { bytesText } from './format.ts'
import { filled, json, modelArgument, oneOf, runtimeOptions } from './options.ts'

const kinds = Object.keys(quantizations) as Quantization[]

export const quantize: Command = {
  name: 'quantize',
  summary: 'store a model in 8 or 4 bits a weight',
  arguments: [modelArgument],
  options: [
    { flags: '--out <dir>', description: 'the directory to write, a new one', parse: filled('--out') },
    { flags: '--to <kind>', description: 'int8 or int4', parse: oneOf('--to', kinds), default: 'int8' },
    {
      flags: '--data <file>',
      description: 'a text whose perplexity is told for both models; several make one text',
      parse: filled('--data'),
      repeat: true,
    },
    json,
    ...runtimeOptions,
  ],
  examples: ['quantize gpt2 --out gpt2-int8', 'quantize runs/world --to int4 --out world-int4 --data valid.txt --json'],
  async run({ model: source, out, to, data, json: asJson, ...how }, terminal) {
    if (out === undefined) throw usageError('NO_OUT', 'quantize needs --out DIR, where the model is written.')
    await checkDirectory('--out', out)
    if ((await kindOf(out)) && (await listDirectory(out)).length > 0)
      throw conflict('OUT_NOT_EMPTY', `--out ${out}: is not empty. Name a new directory.`)
    if (data.length) await filesAsText(data)
    const { directory, checkpoint } = await openModel(source, { quantize: to })
    if (checkpoint.file.quantization_config)
      throw usageError('QUANTIZED_MODEL', `${source}: is quantized already. Give the model that it was made from.`)
    await writeQuantized(out, checkpoint)
    for (const name of await listDirectory(directory))
      if (companionFiles.has(name)) await copyHashed(path().join(directory, name), path().join(out, name))
    const [before, after] = [await weightBytes(directory), await weightBytes(out)]
    const perplexities = data.length ? await compare([directory, out], data, how, terminal) : undefined
    if (asJson) {
      terminal.out(`${JSON.stringify({ model: source, out, kind: to, bytes: { before, after }, ...perplexities })}\n`)
      return
    }
    terminal.out(`${out}: ${to}, ${bytesText(after)} of weights in place of ${bytesText(before)}\n`)
    if (!perplexities) return
    const { perplexity, change } = perplexities
    terminal.out(
      `perplexity ${perplexity.after.toFixed(4)} in place of ${perplexity.before.toFixed(4)} (${change < 0 ? '' : '+'}${(100 * change).toFixed(2)} %)\n`,
    )
  },
}

/** Bytes of the weight files of a directory. */
async function weightBytes(directory: string): Promise<number> {
  let bytes = 0
  for (const name of await listDirectory(directory))
    if (name.endsWith('.safetensors')) bytes += (await fs().promises.stat(path().join(directory, name))).size
  return bytes
}

/** The perplexity of a text under both models, one after the other; `change` is relative. */
async function compare(
  directories: readonly [string, string],
  files: readonly string[],
  how: { readonly [option: string]: unknown },
  terminal: Terminal,
) {
  const found: number[] = []
  for (const directory of directories) {
    const model = await loadModel(directory, { ...how, warn: () => {} })
    try {
      found.push((await evaluate(model, { files, special: 'parse', signal: terminal.signal })).perplexity)
    } finally {
      await model.dispose()
    }
  }
  const [before, after] = found as [number, number]
  return { perplexity: { before, after }, change: after / before - 1 }
}
