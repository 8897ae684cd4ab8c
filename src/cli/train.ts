/** `pellucid train`: a recipe in, a model directory out, with everything that happens shown as it happens. */
import { type RecipeInput, setFields } from '../training/recipe.ts'
import { findRecipe } from '../training/recipes.ts'
import { storedRecipe } from '../training/run-directory.ts'
import { outOf, train as runTraining } from '../training/train.ts'
import type { Command } from './command.ts'
import { filesAsText } from './data-files.ts'
import { filled, json, runtimeOptions, setOption } from './options.ts'
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
    setOption,
    json,
    ...runtimeOptions,
  ],
  meant: fieldMeant,
  examples: [
    'train --out runs/world',
    'train --recipe nanogpt-cpu --data shakespeare.txt --out runs/shakespeare',
    'train --resume --out runs/world --set steps=3000',
  ],
  async run({ recipe: name, data, out, resume, set, json: asJson, runtime, threads }, terminal) {
    const stored = resume && name === undefined ? await storedRecipe(outOf({}, out)) : undefined
    const base: RecipeInput = stored ?? (await findRecipe(name ?? 'world'))
    // What cannot be read is said before anything is made ready.
    await filesAsText(data)
    const recipe = setFields(data.length ? { ...base, data: { ...base.data, files: data } } : base, set)
    const place = outOf(recipe, out)
    const display = asJson ? undefined : openTrainingDisplay(terminal)
    const options = {
      out: place,
      resume,
      runtime,
      threads,
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
    if (!display) return
    if (terminal.signal.aborted) terminal.note(`\nGo on with: pellucid train --resume --out ${place}\n`)
    else terminal.note(`\nThe model is in ${place}. Try: pellucid generate ${place}\n`)
  },
}
