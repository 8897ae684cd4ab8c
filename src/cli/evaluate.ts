/** `pellucid evaluate`: how well a model predicts a text. */
import { usageError } from '../base/errors.ts'
import { evaluate as evaluateModel } from '../evaluate.ts'
import { loadModel } from '../model.ts'
import type { Command } from './command.ts'
import { filesAsText } from './data-files.ts'
import { filled, json, modelArgument, oneOf, runtimeOptions, whole } from './options.ts'

export const evaluate: Command = {
  name: 'evaluate',
  summary: 'perplexity of a text',
  arguments: [modelArgument],
  options: [
    {
      flags: '--data <file>',
      description: 'the text; several make one text',
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
    json,
    ...runtimeOptions,
  ],
  examples: ['evaluate runs/world --data other.txt', 'evaluate gpt2 --data text.txt --stride 512 --json'],
  async run({ model: directory, data, stride, window, json: asJson, runtime, threads }, terminal) {
    if (data.length === 0) throw usageError('NO_DATA', 'evaluate needs a text: --data FILE.')
    await filesAsText(data)
    const model = await loadModel(directory, { runtime, threads, warn: (line) => terminal.note(`${line}\n`) })
    try {
      const live = terminal.interactive && !asJson
      const result = await evaluateModel(model, {
        files: data,
        special: 'parse',
        stride,
        window,
        signal: terminal.signal,
        onProgress: (done, total) => live && terminal.note(`\r${done} of ${total} tokens\x1b[K`),
      })
      if (live) terminal.note('\r\x1b[K')
      if (asJson) terminal.out(`${JSON.stringify({ task: 'perplexity', ...result })}\n`)
      else
        terminal.out(
          `perplexity ${result.perplexity.toFixed(3)}  (${result.loss.toFixed(4)} nats, ${result.bitsPerToken.toFixed(4)} bits a token; ${result.tokens} tokens in ${result.windows} windows)\n`,
        )
    } finally {
      await model.dispose()
    }
  },
}
