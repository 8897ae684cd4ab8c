/** `pellucid start`: the whole story in about a minute: train on a text, write with the model, look inside it. */
import { usageError } from '../base/errors.ts'
import { fs, kindOf, path } from '../base/files.ts'
import { lockDirectory } from '../base/lock.ts'
import { loadModel } from '../model.ts'
import { checkpointSteps } from '../training/checkpoints.ts'
import { parseRecipe, type RecipeInput, setFields } from '../training/recipe.ts'
import { findRecipe } from '../training/recipes.ts'
import { storedRecipe } from '../training/run-directory.ts'
import { train } from '../training/train.ts'
import { painter } from './color.ts'
import type { Command, Terminal, Values } from './command.ts'
import { checkDirectory, checkText, filesAsText, sizeOfText } from './data-files.ts'
import { fitRecipe } from './fit-recipe.ts'
import { filled, json, lossy, runtimeOptions, setOption } from './options.ts'
import { fieldMeant } from './recipe-fields.ts'
import { converse, type Story, show, tell } from './story.ts'
import { openTrainingDisplay } from './training-display.ts'

type Choice = 'continue' | 'sample' | 'over'
const choices: readonly Choice[] = ['continue', 'sample', 'over']

/** Steps that `--continue` adds to a run that is finished. */
const further = 500

export const start: Command = {
  name: 'start',
  summary: 'train, write and look inside, on the built-in text or your own',
  options: [
    {
      flags: '--data <file>',
      description: 'your own text instead of the built-in one; several make one text',
      parse: filled('--data'),
      repeat: true,
    },
    {
      flags: '--out <dir>',
      description: 'directory of the run (default: runs/start, or runs/ and the name of your text)',
      parse: filled('--out'),
    },
    { flags: '--continue', description: 'train the existing model further' },
    { flags: '--sample', description: 'write with the existing model' },
    { flags: '--over', description: 'remove the existing run and start over' },
    setOption,
    lossy,
    json,
    ...runtimeOptions,
  ],
  meant: fieldMeant,
  examples: ['start', 'start --data my.txt', 'start --continue'],
  async run(values, terminal) {
    const flags = choices.filter((choice) => values[choice])
    if (flags.length > 1) throw usageError('BAD_USAGE', `--${flags.join(' and --')} exclude each other; give one.`)
    const out: string = values.out ?? defaultOut(values.data)
    const text = await filesAsText(values.data)
    await checkDirectory('--out', out)
    const done = (await checkpointSteps(out)).at(-1)
    const before = done === undefined ? undefined : await storedRecipe(out)
    const again = `${startCommand()}${values.out || values.data.length ? ` --out ${out}` : ''}`
    if (!before && flags.some((choice) => choice !== 'over'))
      throw usageError('NOTHING_TO_RESUME', `${out}: holds no model for --${flags[0]} yet. Leave the flag out first.`)
    if (values.sample && values.set.length > 0)
      throw usageError('BAD_USAGE', '--sample only writes: leave out --set, or train with --continue or --over.')
    const choice = before ? (flags[0] ?? (await choose(out, done!, before.steps, again, terminal, values))) : 'over'
    if (choice === undefined) return
    if (choice === 'over') {
      const recipe = await newRecipe(values, sizeOfText(text), terminal)
      // Nothing is removed for a recipe or a text that will be refused.
      parseRecipe(recipe)
      await checkText(text, values.lossy)
      await clear(out)
      await trainVisibly(recipe, out, false, values, terminal)
    } else if (choice === 'continue') {
      const steps = done! < before!.steps ? before!.steps : before!.steps + further
      const input = setFields({ ...before!, steps } as RecipeInput, values.set)
      const data = values.data.length ? { ...input.data, files: values.data } : input.data
      await trainVisibly({ ...input, data }, out, true, values, terminal)
    }
    if (terminal.signal.aborted) {
      if (!values.json) terminal.out(`\nStopped; what it learned is kept in ${out}. Go on with: ${again} --continue\n`)
      return
    }
    const story = await present(out, values, terminal)
    if (!values.json && !terminal.signal.aborted) goOn(out, again, story, terminal)
  },
}

/** How the user calls this command: through npm in a clone, else by its name. */
const startCommand = () => (process.env.npm_lifecycle_event === 'start' ? 'npm start --' : 'npx pellucid start')

/** runs/start, or runs/ and the name of the first text, so that one does not get in the other's way. */
function defaultOut(data: readonly string[]): string {
  const name =
    data[0] === undefined
      ? 'start'
      : path()
          .parse(data[0])
          .name.replace(/[^\p{L}\p{N}_-]+/gu, '-')
  return `runs/${name.replace(/^-+|-+$/g, '') || 'text'}`
}

/** Asks what to do with an existing run; where nobody can answer it says how to go on and does nothing. */
async function choose(
  out: string,
  done: number,
  steps: number,
  again: string,
  terminal: Terminal,
  { json: asJson }: Values,
): Promise<Choice | undefined> {
  const { bold } = painter(terminal.color)
  const trained = `${out} holds a model trained for ${done}${done < steps ? ` of ${steps}` : ''} steps.\n`
  if (!terminal.ask || asJson) {
    const say = asJson ? terminal.note : terminal.out
    say(trained)
    say(`To train it further:  ${again} --continue\n`)
    say(`To write with it:     ${again} --sample\n`)
    say(`To start over:        ${again} --over\n`)
    return undefined
  }
  terminal.out(trained)
  const question = `${bold('c')}ontinue training, write ${bold('s')}amples, or start ${bold('o')}ver? [s] `
  for (;;) {
    const answer = (await terminal.ask(question))?.trim().toLowerCase()
    if (answer === undefined) return undefined
    const found = choices.filter((choice) => choice.startsWith(answer || 's'))
    if (found.length === 1) return found[0]
    terminal.out('Please answer c, s or o.\n')
  }
}

/** What a run writes into its directory. run.json, which says that the rest is a run's, goes last. */
const written = [
  'checkpoints',
  'data',
  'data.partial',
  'metrics.jsonl',
  'timing.jsonl',
  'model.safetensors',
  'config.json',
  'generation_config.json',
].concat('tokenizer.json', 'tokenizer_config.json', 'run.json')

/** Removes a run, and nothing else that may lie in its directory. */
async function clear(out: string): Promise<void> {
  if (!(await kindOf(path().join(out, 'run.json')))) return
  const lock = lockDirectory(out)
  try {
    for (const name of written) await fs().promises.rm(path().join(out, name), { recursive: true, force: true })
  } finally {
    lock.release()
  }
}

/** The recipe of the built-in world, for the user's own text fitted to its size. */
async function newRecipe({ data, set, lossy }: Values, size: number, terminal: Terminal): Promise<RecipeInput> {
  const base = await findRecipe('world')
  if (data.length === 0) return setFields(base, set)
  const { recipe, note } = fitRecipe(base, size, data.join(', '))
  if (note) terminal.note(`${note}\n`)
  return setFields({ ...recipe, data: { ...recipe.data, files: data, ...(lossy && { lossy }) } }, set)
}

async function trainVisibly(
  recipe: RecipeInput,
  out: string,
  resume: boolean,
  { runtime, threads, json: asJson }: Values,
  terminal: Terminal,
): Promise<void> {
  if (!asJson) terminal.out(`${painter(terminal.color).bold('A small GPT-2 learns to write')}\n`)
  const display = asJson ? undefined : openTrainingDisplay(terminal)
  const warn = (line: string) => (display ? display.say(line) : terminal.note(`${line}\n`))
  try {
    for await (const event of train(recipe, { out, resume, runtime, threads, signal: terminal.signal, warn })) {
      if (display) display.show(event)
      else terminal.out(`${JSON.stringify(event)}\n`)
    }
  } finally {
    display?.close()
  }
}

/** Shows what the model has become. */
async function present(out: string, { runtime, threads, json: asJson }: Values, terminal: Terminal): Promise<Story> {
  const model = await loadModel(out, { runtime, threads, warn: (line) => terminal.note(`${line}\n`) })
  try {
    if (asJson) {
      const story = await tell(model, terminal.signal, () => {})
      terminal.out(`${JSON.stringify({ type: 'story', ...story })}\n`)
      return story
    }
    const story = await show(model, terminal)
    if (terminal.ask) await converse(model, terminal, terminal.ask)
    return story
  } finally {
    await model.dispose()
  }
}

/** Three commands that work as they stand here, and one for the user's own text. */
function goOn(out: string, again: string, { text, sentence }: Story, terminal: Terminal): void {
  const paint = painter(terminal.color)
  const word = /\p{L}+/u.exec(text)?.[0] ?? 'A'
  const plain = sentence && /^[\p{L}\p{N} .,?']+$/u.test(sentence) ? sentence : word
  const commands = [
    ['write more', `npx pellucid generate ${out} --prompt "${word}"`],
    ['see what surprises it', `npx pellucid inspect ${out} --text "${plain}"`],
    [`train ${further} steps more`, `${again} --continue`],
  ] as const
  terminal.out(`\n${paint.bold('Try next')}\n\n`)
  for (const [what, command] of commands) terminal.out(`  ${paint.dim(`# ${what}`)}\n  ${paint.cyan(command)}\n`)
  terminal.out(`\nWith a text of your own: ${startCommand()} --data FILE\n`)
}
