/** `pellucid bench`: how fast this machine multiplies matrices, trains and writes, in a few seconds. */
import { siteOf } from '../base/random.ts'
import { Generator } from '../generation/generator.ts'
import { program } from '../graph/program.ts'
import { parameters as parametersOf } from '../nn/index.ts'
import { einsum, input } from '../ops/index.ts'
import { chooseRuntime } from '../runtime/choose.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { sizeOf, zeros } from '../tensor/array.ts'
import { nextToken } from '../training/objective.ts'
import { parseRecipe } from '../training/recipe.ts'
import { TrainingStep } from '../training/step.ts'
import { configFile, parseConfig } from '../weights/checkpoint.ts'
import { formatOf } from '../weights/formats.ts'
import { painter } from './color.ts'
import type { Command, Terminal } from './command.ts'
import { count } from './format.ts'
import { json, runtimeOptions } from './options.ts'

/** What is measured, and for how long, in milliseconds. */
const matrix = 1024
const size = { layers: 4, heads: 4, width: 128, context: 64, vocabulary: 1024 }
const batchSize = 16
const newTokens = 256
const period = 1500

type Setting = { readonly runtime: Runtime; readonly threads: number | undefined; readonly signal: AbortSignal }

export const bench: Command = {
  name: 'bench',
  summary: 'how fast this machine multiplies, trains and writes',
  options: [json, ...runtimeOptions],
  async run({ json: asJson, runtime: name, threads }, terminal) {
    const warn = (line: string) => terminal.note(`${line}\n`)
    const runtime = await chooseRuntime(name, { threads, warn })
    const setting = { runtime, threads, signal: terminal.signal }
    const show = asJson ? () => {} : table(terminal)
    show('runtime', runtime.name)
    const gflops = await multiply(setting)
    show('matrix product', `${gflops.toFixed(0)} GFLOP/s`, `${matrix} × ${matrix} × ${matrix}, float32`)
    const { milliseconds, tokensPerSecond, decoding, parameters } = await trainAndWrite(setting)
    const shape = `${size.layers} layers × ${size.width} wide, ${count(parameters)} parameters`
    show('training', `${milliseconds.toFixed(1)} ms a step`, `${count(tokensPerSecond)} tokens/s; GPT-2, ${shape}`)
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

async function trainAndWrite({ runtime, threads, signal }: Setting) {
  const recipe = parseRecipe({})
  const format = formatOf('gpt2', 'bench')
  const described = parseConfig(configFile(format, format.definition.configure(size)), 'bench')
  const network = format.definition.build(described.config)
  const step = await TrainingStep.create({
    network,
    objective: nextToken,
    runtime,
    optimizer: recipe.optimizer,
    seed: recipe.seed,
    batchSize,
    splits: 2,
    contextLength: size.context,
    micros: 1,
    threads,
  })
  for (const split of [0, 1])
    for (const [name, { data }] of Object.entries(step.batch(split)))
      for (let i = 0; i < data.length; i++) data[i] = (siteOf(name) + 7 * i) % size.vocabulary
  let done = 0
  const parameters = parametersOf(network)
  const checkpoint = { ...described, network, parameters, constants: new Map(), warnings: [] }
  const generator = new Generator(checkpoint, runtime, { threads, weights: Object.fromEntries(step.parameters) })
  try {
    const milliseconds = await fastest(signal, async () => {
      await step.accumulate(done++, 0)
      await step.update(1e-4, 1)
    })
    const write = (maxNewTokens: number) => generator.complete([1], { maxNewTokens, stopTokens: [], signal })
    const decoding = (1000 * newTokens) / (await fastest(signal, () => write(newTokens)))
    return {
      milliseconds,
      tokensPerSecond: (1000 * batchSize * size.context) / milliseconds,
      decoding,
      parameters: [...parameters.values()].reduce((n, { shape }) => n + sizeOf(shape as readonly number[]), 0),
    }
  } finally {
    await generator.dispose()
    await step.dispose()
  }
}
