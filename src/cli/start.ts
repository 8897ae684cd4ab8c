/** `pellucid start`: the whole story in about a minute: train on a text, write with the model, look inside it. */
import { createInterface } from 'node:readline/promises'
import { usageError } from '../base/errors.ts'
import { fs, kindOf, path } from '../base/files.ts'
import { surprises } from '../inspection/surprise.ts'
import { loadModel, type Model } from '../model.ts'
import { checkpointSteps } from '../training/checkpoints.ts'
import { setFields } from '../training/recipe.ts'
import { findRecipe } from '../training/recipes.ts'
import { train } from '../training/train.ts'
import { type Paint, painter } from './color.ts'
import type { Command, Terminal } from './command.ts'
import { runtimeOptions } from './options.ts'
import { drawSurprises } from './surprise-view.ts'
import { openTrainingDisplay } from './training-display.ts'

type Choice = 'continue' | 'sample' | 'over'

export const start: Command = {
  name: 'start',
  summary: 'train, write and look inside, on the built-in text',
  options: [
    { flags: '--data <file>', description: 'your own text instead of the built-in one', repeat: true },
    { flags: '--out <dir>', description: 'directory of the run', default: 'runs/start' },
    { flags: '--continue', description: 'train the existing model further' },
    { flags: '--sample', description: 'write with the existing model' },
    { flags: '--over', description: 'remove the existing run and start over' },
    { flags: '--set <path=value>', description: 'change a field of the recipe', repeat: true },
    ...runtimeOptions,
  ],
  examples: ['start', 'start --data my.txt'],
  async run(values, terminal) {
    const { data, out, set } = values
    const paint = painter(terminal.color)
    for (const file of data as string[])
      if ((await kindOf(file)) !== 'file')
        throw usageError('FILE_NOT_FOUND', `--data ${file}: no such file. Check the path.`)
    const steps = (await checkpointSteps(out)).at(-1)
    const choice: Choice | undefined =
      steps === undefined ? 'over' : (chosen(values) ?? (await ask(out, steps, terminal, paint)))
    if (choice === undefined) return
    if (choice !== 'sample') {
      if (choice === 'over' && (await kindOf(path().join(out, 'run.json'))))
        await fs().promises.rm(out, { recursive: true, force: true })
      const base = await findRecipe('world')
      const assignments = [...set, ...(choice === 'continue' ? [`steps=${(steps ?? 0) + 500}`] : [])]
      const recipe = setFields(data.length ? { ...base, data: { ...base.data, files: data } } : base, assignments)
      await trainVisibly(recipe, out, choice === 'continue', values, terminal, paint)
      if (terminal.signal.aborted) return
    }
    const model = await loadModel(out, {
      runtime: values.runtime,
      threads: values.threads,
      warn: (line) => terminal.note(`${line}\n`),
    })
    try {
      await write(model, terminal, paint)
      if (terminal.interactive && process.stdin.isTTY) await converse(model, terminal, paint)
    } finally {
      await model.dispose()
    }
    goOn(out, terminal, paint)
  },
}

/** What the flags say about an existing run. */
const chosen = (values: { continue?: boolean; sample?: boolean; over?: boolean }): Choice | undefined =>
  values.continue ? 'continue' : values.sample ? 'sample' : values.over ? 'over' : undefined

/** Asks what to do with an existing run; off a terminal it says how to go on and does nothing. */
async function ask(out: string, steps: number, terminal: Terminal, paint: Paint): Promise<Choice | undefined> {
  terminal.out(`${out} holds a model trained for ${steps} steps.\n`)
  if (!terminal.interactive || !process.stdin.isTTY) {
    terminal.out(
      'To train it further: npm start -- --continue\nTo write with it:    npm start -- --sample\nTo start over:       npm start -- --over\n',
    )
    return undefined
  }
  const questions = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const answer = await questions.question(
      `${paint.bold('c')}ontinue training, write ${paint.bold('s')}amples, or start ${paint.bold('o')}ver? [s] `,
      { signal: terminal.signal },
    )
    return ({ c: 'continue', o: 'over' } as const)[answer.trim().toLowerCase().slice(0, 1) as 'c' | 'o'] ?? 'sample'
  } finally {
    questions.close()
  }
}

async function trainVisibly(
  recipe: Parameters<typeof train>[0],
  out: string,
  resume: boolean,
  { runtime, threads }: { runtime?: 'native' | 'web' | 'reference'; threads?: number },
  terminal: Terminal,
  paint: Paint,
): Promise<void> {
  terminal.out(`${paint.bold('A small GPT-2 learns to write')}\n`)
  const display = openTrainingDisplay(terminal)
  try {
    for await (const event of train(recipe, {
      out,
      resume,
      runtime,
      threads,
      signal: terminal.signal,
      warn: (line) => terminal.note(`${line}\n`),
    }))
      display.show(event)
  } finally {
    display.close()
  }
}

/** Text from nothing, and one sentence seen through the model's eyes. */
async function write(model: Model, terminal: Terminal, paint: Paint): Promise<void> {
  terminal.out(`\n${paint.bold('It writes')}\n\n  `)
  let text = ''
  for await (const piece of model.generate('', {
    maxNewTokens: 120,
    temperature: 0.8,
    seed: 1,
    signal: terminal.signal,
  })) {
    text += piece.text
    terminal.out(piece.text.replace(/\n/g, '\n  '))
  }
  const sentence = /[A-Z][^.!?\n]*[.!?]/.exec(text)?.[0] ?? text.trim().slice(0, 80)
  if (!sentence) return
  const report = await surprises(model, sentence)
  terminal.out(`\n\n${paint.bold('How it reads one sentence')}, each token by its surprise\n\n`)
  terminal.out(`${drawSurprises(report, paint, terminal.color, terminal.columns)}\n`)
}

/** Goes on from whatever the user types, until an empty line. */
async function converse(model: Model, terminal: Terminal, paint: Paint): Promise<void> {
  terminal.out(`\n${paint.bold('Your turn')}: begin a sentence and it goes on (an empty line ends)\n`)
  const questions = createInterface({ input: process.stdin, output: process.stdout })
  try {
    for (let seed = 1; !terminal.signal.aborted; seed++) {
      const prompt = await questions.question(`\n${paint.cyan('> ')}`, { signal: terminal.signal })
      if (prompt.trim() === '') return
      terminal.out(`  ${paint.dim(prompt)}`)
      try {
        for await (const piece of model.generate(prompt, {
          maxNewTokens: 60,
          temperature: 0.8,
          seed,
          special: 'text',
          signal: terminal.signal,
        }))
          terminal.out(piece.text.replace(/\n/g, '\n  '))
      } catch (error) {
        terminal.out(`\n  ${error instanceof Error ? error.message : String(error)}`)
      }
      terminal.out('\n')
    }
  } catch (error) {
    if ((error as { name?: string }).name !== 'AbortError') throw error
  } finally {
    questions.close()
  }
}

function goOn(out: string, terminal: Terminal, paint: Paint): void {
  const commands = [
    [`npx pellucid generate ${out} --prompt "Once"`, 'write more'],
    [`npx pellucid inspect ${out} --text "The sun is cold."`, 'see what surprises it'],
    ['npx pellucid train --recipe nanogpt-cpu --data your.txt', 'train on your own text'],
  ] as const
  terminal.out(
    `\n${paint.bold('Try next')}\n${commands.map(([command, what]) => `  ${paint.cyan(command)}  ${paint.dim(`# ${what}`)}`).join('\n')}\n`,
  )
}
