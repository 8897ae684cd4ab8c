/** `pellucid bench`: how fast this machine multiplies matrices, trains and writes, and where a training step's time goes. */
import { usageError } from '../base/errors.ts'
import { Generator } from '../generation/generator.ts'
import { program } from '../graph/program.ts'
import { parameters as parametersOf } from '../nn/index.ts'
import { einsum, input } from '../ops/index.ts'
import { chooseRuntime } from '../runtime/choose.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { zeros } from '../tensor/array.ts'
import { profileStep } from '../training/profile.ts'
import { parseRecipe, type Recipe, type RecipeInput, setFields } from '../training/recipe.ts'
import { findRecipe } from '../training/recipes.ts'
import { rehearse, vocabularySizeOf } from '../training/rehearsal.ts'
import { painter } from './color.ts'
import type { Command, Terminal } from './command.ts'
import { count } from './format.ts'
import { filled, json, runtimeOptions, setOption, whole } from './options.ts'
import { profileJson, showProfile } from './profile-view.ts'
import { fieldMeant } from './recipe-fields.ts'

/** What is multiplied, trained and written, and for how long each, in milliseconds. */
const matrix = 1024
const ownRecipe: RecipeInput = {
  model: { type: 'gpt2', layers: 4, heads: 4, width: 128 },
  contextLength: 64,
  batchSize: 16,
  gradientClip: 1,
}
const newTokens = 256
const period = 1500

type Setting = { readonly runtime: Runtime; readonly threads: number | undefined; readonly signal: AbortSignal }

export const bench: Command = {
  name: 'bench',
  summary: 'how fast this machine multiplies, trains and writes',
  options: [
    { flags: '--profile', description: 'where the time of a training step goes, by op and by module (native runtime)' },
    {
      flags: '--recipe <name|file>',
      description: 'train as this recipe does, on random tokens (default: a small GPT-2)',
      parse: filled('--recipe'),
    },
    {
      flags: '--vocabulary <n>',
      description: "tokens that the model knows (default: as the recipe's tokenizer; 65 for characters)",
      parse: whole('--vocabulary', { min: 2, max: 1e7 }),
    },
    {
      flags: '--top <n>',
      description: 'ops shown of a profile (default: 15)',
      parse: whole('--top', { min: 1, max: 10_000 }),
    },
    setOption,
    json,
    ...runtimeOptions,
  ],
  meant: fieldMeant,
  examples: [
    'bench',
    'bench --profile',
    'bench --profile --recipe nanogpt-cpu --set model.width=384 --set model.heads=6',
  ],
  async run({ profile, recipe: name, vocabulary, top, set, json: asJson, runtime: wanted, threads }, terminal) {
    if (top !== undefined && !profile) throw usageError('BAD_USAGE', '--top is for --profile.')
    const base = name === undefined ? ownRecipe : await findRecipe(name)
    const recipe = parseRecipe(setFields(base, set), name)
    const tokens = vocabulary ?? (await vocabularySizeOf(recipe))
    const warn = (line: string) => terminal.note(`${line}\n`)
    const runtime = await chooseRuntime(wanted, { threads, warn })
    const setting = { runtime, threads, signal: terminal.signal }
    if (profile) {
      const profiled = await profileStep(recipe, tokens, setting)
      const found = { ...profiled, runtime: runtime.name, gflops: await multiply(setting), recipe }
      if (asJson) terminal.out(`${JSON.stringify(profileJson(found))}\n`)
      else showProfile(found, terminal, top ?? 15)
      return
    }
    const show = asJson ? () => {} : table(terminal)
    show('runtime', runtime.name)
    const gflops = await multiply(setting)
    show('matrix product', `${gflops.toFixed(0)} GFLOP/s`, `${matrix} × ${matrix} × ${matrix}, float32`)
    const { milliseconds, tokensPerSecond, decoding, parameters } = await trainAndWrite(recipe, tokens, setting)
    const shape = `batch ${recipe.batchSize} × ${recipe.contextLength}, ${count(parameters)} parameters`
    show('training', `${milliseconds.toFixed(1)} ms a step`, `${count(tokensPerSecond)} tokens/s; ${shape}`)
    show('writing', `${decoding.toFixed(0)} tokens/s`, 'the same model, one text')
    if (asJson)
      terminal.out(
        `${JSON.stringify({ runtime: runtime.name, gflops, training: { parameters, milliseconds, tokensPerSecond }, decoding: { tokensPerSecond: decoding } })}\n`,
      )
    else terminal.note('Against nanoGPT and others, in a clone of the repository: npm run bench\n')
  },
}

function table(terminal: Terminal) {
  const paint = painter(terminal.color)
  return (name: string, value: string, detail = '') =>
    terminal.out(`${paint.bold(name.padEnd(15))} ${value.padEnd(15)} ${paint.dim(detail)}`.trimEnd().concat('\n'))
}

/** Milliseconds of the fastest call: what the machine can do when nothing else disturbs it. One call warms up. */
async function fastest(signal: AbortSignal, call: () => Promise<unknown>): Promise<number> {
  await call()
  let best = Infinity
  for (const end = performance.now() + period; performance.now() < end || best === Infinity; ) {
    signal.throwIfAborted()
    const start = performance.now()
    await call()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

async function multiply({ runtime, threads, signal }: Setting): Promise<number> {
  const shape = [matrix, matrix]
  const [a, b] = [input('a', shape), input('b', shape)]
  const executable = await runtime.compile(program({ a, b }, { c: einsum('m k, k n -> m n', a, b) }), { threads })
  const [x, y, c] = [0.5, 0.25, 0].map((value) => {
    const array = zeros('float32', shape)
    array.data.fill(value as never)
    return array
  })
  try {
    return (2 * matrix ** 3) / (await fastest(signal, executable.bind({ a: x!, b: y! }, { c: c! }))) / 1e6
  } finally {
    await executable.dispose()
  }
}

async function trainAndWrite(recipe: Recipe, vocabulary: number, { runtime, threads, signal }: Setting) {
  const rehearsal = await rehearse(recipe, vocabulary, { runtime, threads })
  const { network, described, parameters, step } = rehearsal
  const checkpoint = { ...described, network, parameters: parametersOf(network), constants: new Map(), warnings: [] }
  const generator = new Generator(checkpoint, runtime, { threads, weights: Object.fromEntries(step.parameters) })
  try {
    const milliseconds = await fastest(signal, () => rehearsal.run())
    const write = () => generator.complete([1], { maxNewTokens: newTokens, stopTokens: [], signal })
    const decoding = (1000 * newTokens) / (await fastest(signal, write))
    const tokens = recipe.batchSize * recipe.contextLength * recipe.gradientAccumulation
    return { milliseconds, tokensPerSecond: (1000 * tokens) / milliseconds, decoding, parameters }
  } finally {
    await generator.dispose()
    await rehearsal.dispose()
  }
}
