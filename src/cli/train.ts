/** `pellucid train`: a recipe in, a model directory out, with everything that happens shown as it happens. */
import { usageError } from '../base/errors.ts'
import { parseRecipe, type RecipeInput, setFields } from '../training/recipe.ts'
import { findRecipe } from '../training/recipes.ts'
import { storedRecipe } from '../training/run-directory.ts'
import { outOf, train as runTraining, type TrainOptions } from '../training/train.ts'
import type { Command } from './command.ts'
import { checkDirectory, filesAsText } from './data-files.ts'
import { filled, json, lossy, number, runtimeOptions, setOption } from './options.ts'
import { fieldMeant } from './recipe-fields.ts'
import { openTrainingDisplay } from './training-display.ts'

export const train: Command = {
  name: 'train',
  summary: 'train a model from a recipe',
  options: [
    {
      flags: '--recipe <name|file>',
      description:
        'a ready-made recipe (see `pellucid recipes`) or a JSON file (default: world; with --resume that of the run)',
      parse: filled('--recipe'),
    },
    {
      flags: '--data <file>',
      description: 'text to train on; several make one text (default: the built-in world)',
      parse: filled('--data'),
      repeat: true,
    },
    {
      flags: '--out <dir>',
      description: "directory of the run, which becomes the model directory (default: the recipe's, or runs/model)",
      parse: filled('--out'),
    },
    { flags: '--resume', description: 'go on from the newest checkpoint in --out' },
    {
      flags: '--resume-from <dir>',
      description: 'go on from this checkpoint, and remove the later ones with the first that is saved',
      parse: filled('--resume-from'),
    },
    {
      flags: '--allow-fallback',
      description: 'where the newest checkpoint is damaged, go on from the newest sound one',
    },
    {
      flags: '--allow-data-change',
      description: 'go on although the text has changed; the tokenizer stays, and without the text its tokens do',
    },
    {
      flags: '--max-memory <GB>',
      description: 'most memory the run may need, by its prediction (default: what the machine can give)',
      parse: number('--max-memory', { above: 0 }),
    },
    { flags: '--dry-run', description: 'say what would be trained and how much memory it takes; train nothing' },
    setOption,
    lossy,
    json,
    ...runtimeOptions,
  ],
  meant: fieldMeant,
  examples: [
    'train --out runs/world',
    'train --recipe nanogpt-cpu --data shakespeare.txt --out runs/shakespeare',
    'train --resume --out runs/world --set steps=3000',
  ],
  async run(values, terminal) {
    const { recipe: name, data, set, json: asJson, runtime, threads, allowFallback, allowDataChange } = values
    const resume: TrainOptions['resume'] = values.resumeFrom ?? values.resume
    for (const flag of ['allowFallback', 'allowDataChange'])
      if (values[flag] && !resume)
        throw usageError(
          'BAD_USAGE',
          `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is for a run that goes on; expected --resume or --resume-from with it.`,
        )
    const out = outOf({}, { out: values.out, resume })
    const stored = resume && name === undefined ? await storedRecipe(out) : undefined
    const base: RecipeInput = stored ?? (await findRecipe(name ?? 'world'))
    // What cannot be read is said before anything is made ready.
    await filesAsText(data)
    const texts = { ...(data.length && { files: data }), ...(values.lossy && { lossy: true }) }
    const recipe = setFields(Object.keys(texts).length ? { ...base, data: { ...base.data, ...texts } } : base, set)
    const place = outOf(recipe, { out: values.out, resume })
    await checkDirectory('--out', place)
    // Checked here so that a message names the file.
    parseRecipe(recipe, name)
    const display = asJson ? undefined : openTrainingDisplay(terminal)
    const options = {
      out: place,
      resume,
      allowFallback,
      allowDataChange,
      runtime,
      threads,
      dryRun: values.dryRun,
      ...(values.maxMemory !== undefined && { maxMemory: values.maxMemory * 1e9 }),
      signal: terminal.signal,
      warn: (line: string) => (display ? display.say(line) : terminal.note(`${line}\n`)),
    }
    try {
      for await (const event of runTraining(recipe, options)) {
        if (display) display.show(event)
        else terminal.out(`${JSON.stringify(event)}\n`)
      }
    } finally {
      display?.close()
    }
    if (!display || values.dryRun) return
    if (terminal.signal.aborted) terminal.note(`\nGo on with: pellucid train --resume --out ${place}\n`)
    else terminal.note(`\nThe model is in ${place}. Try: pellucid generate ${place}\n`)
  },
}
