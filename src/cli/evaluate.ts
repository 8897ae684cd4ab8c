/** `pellucid evaluate`: how well a model predicts a text. */
import { fileError, usageError } from '../base/errors.ts'
import { tellReplaced } from '../datasets/text.ts'
import { evaluate as evaluateModel } from '../evaluate.ts'
import { loadModel } from '../model.ts'
import type { Command } from './command.ts'
import { filesAsText, isStdin, type Reading, reading, readWhole, sizeOfText } from './data-files.ts'
import { filled, json, loadingOptions, lossy, modelArgument, oneOf, runtimeOptions, whole } from './options.ts'

export const evaluate: Command = {
  name: 'evaluate',
  summary: 'perplexity of a text',
  arguments: [modelArgument],
  options: [
    {
      flags: '--data <file>',
      description: 'the text, - for standard input; several make one text',
      parse: filled('--data'),
      repeat: true,
    },
    {
      flags: '--task <name>',
      description: 'what to measure: perplexity',
      parse: oneOf('--task', ['perplexity']),
      default: 'perplexity',
    },
    {
      flags: '--stride <n>',
      description: "tokens a window moves (default: the model's context, so that windows do not overlap)",
      parse: whole('--stride'),
    },
    {
      flags: '--window <n>',
      description: "tokens of a window (default: the model's context)",
      parse: whole('--window', { min: 2 }),
    },
    lossy,
    json,
    ...loadingOptions,
    ...runtimeOptions,
  ],
  examples: ['evaluate runs/world --data other.txt', 'evaluate gpt2 --data text.txt --stride 512 --json'],
  async run({ model: directory, data, stride, window, lossy, json: asJson, ...loading }, terminal) {
    if (data.length === 0) throw usageError('NO_DATA', 'evaluate needs a text: --data FILE.')
    const how = reading(lossy, terminal)
    const source = data.some(isStdin) ? { text: await readStdin(data, how) } : { files: data as string[], lossy }
    const size = source.files ? sizeOfText(await filesAsText(source.files)) : source.text!.length
    if (size === 0) throw fileError('EMPTY_DATA', `${data.join(', ')}: empty. Give a text with some words.`)
    const model = await loadModel(directory, { ...loading, warn: (line) => terminal.note(`${line}\n`) })
    try {
      const live = terminal.interactive && !asJson
      const { replaced = how.lossy?.count, ...result } = await evaluateModel(model, {
        ...source,
        special: 'parse',
        stride,
        window,
        signal: terminal.signal,
        onProgress: (done, total) => live && terminal.note(`\r${done} of ${total} tokens\x1b[K`),
      })
      if (live) terminal.note('\r\x1b[K')
      if (replaced) terminal.note(`${tellReplaced(data.join(', '), replaced)}\n`)
      if (asJson) terminal.out(`${JSON.stringify({ task: 'perplexity', ...result, replaced })}\n`)
      else
        terminal.out(
          `perplexity ${result.perplexity.toFixed(3)}  (${result.loss.toFixed(4)} nats, ${result.bitsPerToken.toFixed(4)} bits a token; ${result.tokens} tokens in ${result.windows} windows)\n`,
        )
    } finally {
      await model.dispose()
    }
  },
}

async function readStdin(data: readonly string[], how: Reading): Promise<string> {
  if (data.length > 1)
    throw usageError('BAD_USAGE', 'Standard input (--data -) cannot be joined to files; give one of them.')
  return await readWhole(data[0]!, how)
}
