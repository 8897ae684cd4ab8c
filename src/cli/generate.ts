/** `pellucid generate`: text from a model, streamed as it comes. */
import { usageError } from '../base/errors.ts'
import type { Prompt } from '../generation/index.ts'
import { checkId } from '../generation/prompts.ts'
import { loadModel, type Model } from '../model.ts'
import { painter } from './color.ts'
import type { Command } from './command.ts'
import { reading, readWhole } from './data-files.ts'
import { formOptions, readForms } from './form-options.ts'
import { idList, writingOptions } from './generate-options.ts'
import { printable } from './layout.ts'
import { logprobsTable } from './logprobs-view.ts'
import { filled, json, loadingOptions, lossy, modelArgument, runtimeOptions } from './options.ts'

export const generate: Command = {
  name: 'generate',
  summary: 'write text with a model',
  arguments: [modelArgument],
  options: [
    {
      flags: '--prompt <text>',
      description: 'text to go on from, by default the start of one; several make a batch',
      repeat: true,
    },
    {
      flags: '--prompt-file <file>',
      description: 'a file with the text to go on from; - for standard input',
      parse: filled('--prompt-file'),
    },
    {
      flags: '--prompt-ids <ids>',
      description: 'token ids instead of text: 5,17,3 (needs no tokenizer)',
      parse: idList('--prompt-ids'),
      repeat: true,
    },
    ...writingOptions,
    ...formOptions,
    lossy,
    json,
    ...loadingOptions,
    ...runtimeOptions,
  ],
  examples: [
    'generate runs/world --prompt "Mia went to"',
    'generate runs/world --prompt "Mia" --prompt "Tom" --temperature 0.8 --seed 7 --json',
    'generate MODEL --prompt-ids 5,17,3 --temperature 0 --json',
  ],
  async run(values, terminal) {
    const { model: directory, prompt, promptFile, promptIds, json: asJson, lossy, ...others } = values
    const { runtime, threads, strict, allowMissing, quantize, draft: draftName, ...rest } = others
    const given = [prompt.length > 0, promptFile !== undefined, promptIds.length > 0].filter(Boolean).length
    if (given > 1) throw usageError('BAD_USAGE', 'Give one of --prompt, --prompt-file and --prompt-ids.')
    if (lossy && promptFile === undefined) throw usageError('BAD_USAGE', '--lossy is for a text in --prompt-file.')
    const how = reading(lossy, terminal)
    const prompts: Prompt[] =
      promptFile !== undefined
        ? [await readWhole(promptFile, how)]
        : promptIds.length
          ? promptIds
          : prompt.length
            ? prompt
            : ['']
    how.tell(promptFile)
    const { stop } = rest
    const sampling = {
      ...rest,
      ...(await readForms(rest)),
      stop: stop.length ? stop : undefined,
      special: 'parse' as const,
      signal: terminal.signal,
    }
    const loading = {
      runtime,
      threads,
      strict,
      allowMissing,
      quantize,
      prepare: true,
      warn: (line: string) => terminal.note(`${line}\n`),
    }
    const model = await loadModel(directory, loading)
    let draft: Model | undefined
    const paint = painter(terminal.color)
    // Into a file goes every character; a terminal would take some for commands.
    const shown = terminal.interactive ? printable : (text: string) => text
    try {
      if (draftName !== undefined) draft = await loadModel(draftName, loading)
      const options = { ...sampling, draft }
      if (!model.tokenizer && !asJson && promptIds.length === 0)
        throw usageError('NO_TOKENIZER', `${directory}: has no tokenizer. Give --prompt-ids and --json.`)
      const vocabulary = model.checkpoint.format.definition.vocabulary(model.checkpoint.config)
      if (rest.topK > vocabulary)
        throw usageError(
          'BAD_VALUE',
          `--top-k is ${rest.topK}, expected at most ${vocabulary}, the model's vocabulary.`,
        )
      const telling = rest.logprobs !== undefined || rest.promptLogprobs !== undefined
      if (asJson || telling || prompts.length > 1 || (rest.returned ?? 1) > 1 || (rest.beams ?? 1) > 1) {
        const { sequences } = await model.complete(prompts, options)
        if (asJson) terminal.out(`${JSON.stringify({ sequences })}\n`)
        else
          for (const [i, sequence] of sequences.entries()) {
            const { promptTokens = [], tokens = [] } = sequence
            const told = [...promptTokens, ...tokens]
            terminal.out(
              `${paint.dim(`── ${i + 1} of ${sequences.length}`)}\n${shown(model.tokenizer ? sequence.text : sequence.ids.join(' '))}\n`,
            )
            if (told.length > 0) terminal.out(logprobsTable(told))
          }
        return
      }
      if (typeof prompts[0] !== 'string') for (const id of prompts[0]!) checkId(id, '--prompt-ids', model.checkpoint)
      const start =
        typeof prompts[0] === 'string' ? prompts[0] : (model.tokenizer?.decode(prompts[0]!) ?? prompts[0]!.join(' '))
      terminal.out(paint.dim(shown(start)))
      for await (const piece of model.generate(prompts[0]!, options))
        terminal.out(model.tokenizer ? shown(piece.text) : ` ${piece.ids.join(' ')}`)
      terminal.out('\n')
    } finally {
      await draft?.dispose()
      await model.dispose()
    }
  },
}
