/** Who encodes in the tokenizer benchmark, and how each is started. */
import { join } from 'node:path'
import { type BenchmarkOptions, need, pythonWith, runProgram } from '../benchmark.ts'
import { Contender } from '../training/contender.ts'

/** A file to encode, as one text or its first lines one by one; by an encoder that has seen no text, if `fresh`. */
export type Question = { readonly file: string; readonly lines?: number; readonly fresh?: boolean }
/** Seconds of encoding alone, and a hash of all ids as 32-bit integers; why there are none, where it failed. */
export type Answer = {
  readonly seconds: number
  readonly tokens: number
  readonly hash: string
  readonly failed?: string | undefined
}

export type Side = {
  readonly name: string
  /** As often as fast as this peer, we aim to be. */
  readonly aim?: number
  /** How it is started for the tokenizer in a folder. Throws `Skip` where it is missing. */
  command(folder: string, options: BenchmarkOptions): Promise<Command>
}

export type Command = {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Record<string, string>
}

const here = (file: string) => new URL(file, import.meta.url).pathname

/** Hugging Face's library would use more threads for a batch. */
export const oneThread = { TOKENIZERS_PARALLELISM: 'false', RAYON_NUM_THREADS: '1' }

/** Starts a side to be asked. */
export async function start({ program, args, env }: Command): Promise<Contender> {
  const contender = new Contender(program, args, env)
  await contender.next()
  return contender
}

/** A new process that loads library and tokenizer and encodes a file; the seconds are for all of this but the start of the engine. */
export async function once({ program, args, env = {} }: Command, file: string): Promise<Answer> {
  const { output } = await runProgram(program, [...args, file], { env })
  return JSON.parse(output.trim().split('\n').at(-1)!)
}

const javascript = (name: string, folder: string, peers = ''): Command => ({
  program: process.execPath,
  args: [here('javascript.mjs'), name, folder, peers],
})

export const ours: Side = { name: 'Pellucid', command: async (folder) => javascript('Pellucid', folder) }

const npm = (name: string, aim?: number): Side => ({
  name,
  ...(aim !== undefined && { aim }),
  async command(folder, { peers }) {
    const home = need(peers, `A folder with ${name}`, 'install it there and pass --peers or PEERS')
    need(join(home, 'node_modules', name), name, `run \`npm install ${name}\` in that folder`)
    return javascript(name, folder, home)
  },
})

const python = (name: string, module: string, aim?: number): Side => ({
  name,
  ...(aim !== undefined && { aim }),
  async command(folder, options) {
    const program = await pythonWith(options.python, [module])
    return { program, args: [here('peer.py'), module, folder], env: oneThread }
  },
})

const rust = (aim?: number) => python('tokenizers (Rust)', 'tokenizers', aim)

/** The peers for each kind of tokenizer. */
export const peersOf = {
  'byte-level BPE': [
    npm('gpt-tokenizer', 1.2),
    python('tiktoken (Rust)', 'tiktoken', 1),
    rust(),
    npm('@huggingface/tokenizers'),
  ],
  WordPiece: [npm('@huggingface/tokenizers', 3), rust(1)],
  Unigram: [npm('@huggingface/tokenizers', 3), rust(1)],
} as const satisfies Record<string, readonly Side[]>

export type Kind = keyof typeof peersOf
