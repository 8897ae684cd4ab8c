/** `pellucid train`: a recipe in, a model directory out, with everything that happens shown as it happens. */
import { usageError } from '../base/errors.ts'
import { kindOf } from '../base/files.ts'
import { type RecipeInput, setFields } from '../training/recipe.ts'
import { findRecipe } from '../training/recipes.ts'
import { storedRecipe } from '../training/run-directory.ts'
import { outOf, train as runTraining } from '../training/train.ts'
import type { Command } from './command.ts'
import { json, runtimeOptions } from './options.ts'
import { openTrainingDisplay } from './training-display.ts'

export const train: Command = {
  name: 'train',
  summary: 'train a model from a recipe',
  options: [
    {
      flags: '--recipe <name|file>',
      description:
        'a ready-made recipe (see `pellucid recipes`) or a JSON file (default: world; with --resume that of the run)',
    },
    {
      flags: '--data <file>',
      description: 'text to train on; several make one text (default: the built-in world)',
      repeat: true,
    },
    {
      flags: '--out <dir>',
      description: "directory of the run, which becomes the model directory (default: the recipe's, or runs/model)",
    },
    { flags: '--resume', description: 'go on from the newest checkpoint in --out' },
    {
      flags: '--set <path=value>',
      description: 'change a field of the recipe: --set optimizer.learningRate=3e-4',
      repeat: true,
    },
    json,
    ...runtimeOptions,
  ],
  examples: [
    'train --out runs/world',
    'train --recipe nanogpt-cpu --data shakespeare.txt --out runs/shakespeare',
    'train --resume --out runs/world --set steps=3000',
  ],
  async run({ recipe: name, data, out, resume, set, json: asJson, runtime, threads }, terminal) {
    const stored = resume && name === undefined ? await storedRecipe(outOf({}, out)) : undefined
    const base: RecipeInput = stored ?? (await findRecipe(name ?? 'world'))
    for (const file of data as string[])
      if (!(await kindOf(file))) throw usageError('FILE_NOT_FOUND', `--data ${file}: no such file. Check the path.`)
    const recipe = setFields(data.length ? { ...base, data: { ...base.data, files: data } } : base, set)
    const place = outOf(recipe, out)
    const display = asJson ? undefined : openTrainingDisplay(terminal)
    try {
      const options = {
        out: place,
        resume,
        runtime,
        threads,
        signal: terminal.signal,
        warn: (line: string) => terminal.note(`${line}\n`),
      }
      for await (const event of runTraining(recipe, options)) {
        if (display) display.show(event)
        else terminal.out(`${JSON.stringify(event)}\n`)
      }
    } finally {
      display?.close()
    }
    if (display && !terminal.signal.aborted)
      terminal.note(`\nThe model is in ${place}. Try: pellucid generate ${place} --prompt "Once"\n`)
  },
}
