/** Who decodes in the benchmark: our three kinds of weights, and each peer beside the one of ours that it is compared with. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type BenchmarkOptions, need, pythonWith } from '../benchmark.ts'
import { Contender } from '../training/contender.ts'
import { type GgufType, writeGguf } from './gguf.ts'

/** Texts to go on from, as ids, and how many tokens each gets. */
export type Question = { readonly prompts: readonly (readonly number[])[]; readonly tokens: number }
export type Answer = { readonly seconds: number; readonly ids: readonly (readonly number[])[] }

export type Kind = 'f32' | 'int8' | 'int4'
/** A process that answers, what it says of itself, and the bytes of weights that it reads at each step. */
export type Side = { readonly contender: Contender; readonly says: Record<string, string>; readonly bytes: number }

/** Everything that sides need to start. */
export type Setting = { readonly directory: string; readonly work: string; readonly options: BenchmarkOptions }

export type Pair = {
  readonly name: string
  readonly ours: Kind
  /** Times as many tokens a second as the peer that we aim at for one text, and for reading prompts. */
  readonly aim?: number
  readonly prefillAim?: number
  /** Starts the peer for some rows. Throws `Skip` where it is missing. */
  open(setting: Setting, rows: number): Promise<Side>
}

/** Weights that a step reads: all of GPT-2 124M but its positions, of which a step reads one. */
export const weights = 124_439_808 - 1024 * 768
/** Ours in 8 and 4 bits have a float32 scale for each 32 weights. */
const bytesEach: Record<Kind, number> = { f32: 4, int8: 1 + 4 / 32, int4: 1 / 2 + 4 / 32 }
/** Tokens of the longest text, a multiple of what llama.cpp rounds up to. */
const slots = 1024

const here = (file: string) => new URL(file, import.meta.url).pathname

async function start(
  program: string,
  args: readonly string[],
  bytes: number,
  env: Record<string, string | undefined> = {},
): Promise<Side> {
  const contender = new Contender(program, args, env)
  return { contender, says: await contender.next<Record<string, string>>(), bytes }
}

export const openOurs = ({ directory, options }: Setting, kind: Kind): Promise<Side> =>
  start(
    process.execPath,
    ['--import', 'tsx', here('ours.ts'), directory, kind, String(options.threads)],
    weights * bytesEach[kind],
  )

const transformers = (dtype: 'f32' | 'bf16', aim: number): Pair => ({
  name: `transformers ${dtype}`,
  ours: 'f32',
  aim,
  async open({ directory, options }) {
    const python = await pythonWith(options.python, ['torch', 'transformers'])
    // Some machines' OPENBLAS_CORETYPE would choose slower kernels.
    const env = { OMP_NUM_THREADS: String(options.threads), OPENBLAS_CORETYPE: undefined }
    const args = [here('peer.py'), dtype, directory, String(options.threads)]
    return await start(python, args, weights * (dtype === 'f32' ? 4 : 2), env)
  },
})

const llamaCpp = (type: GgufType, ours: Kind, aim?: number): Pair => ({
  name: `node-llama-cpp ${type.toUpperCase()}`,
  ours,
  ...(aim !== undefined && { aim }),
  prefillAim: 1.5,
  async open({ directory, work, options }, rows) {
    const folder = need(options.peers, 'A folder with node-llama-cpp', 'install it there and pass --peers or PEERS')
    const entry = need(
      join(folder, 'node_modules/node-llama-cpp/dist/index.js'),
      'node-llama-cpp',
      'run `npm install node-llama-cpp` in that folder',
    )
    const file = join(work, `${type}.gguf`)
    if (!existsSync(file)) await writeGguf(directory, file, type)
    // Its attention on the CPU is quicker without the flash variant for one text.
    const args = [entry, file, String(rows), String(slots), String(options.threads), 'off']
    const perWeight = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 }
    const side = await start(
      process.execPath,
      ['--import', 'tsx', here('llama-cpp.ts'), ...args],
      weights * perWeight[type],
    )
    const { version } = createRequire(entry)('../package.json') as { version: string }
    return { ...side, says: { ...side.says, 'node-llama-cpp': version } }
  },
})

export const pairs: readonly Pair[] = [
  transformers('f32', 2),
  transformers('bf16', 1.3),
  llamaCpp('f16', 'f32'),
  llamaCpp('q8_0', 'int8', 2.5),
  llamaCpp('q4_0', 'int4', 2),
]
