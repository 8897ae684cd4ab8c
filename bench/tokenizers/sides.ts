/** Who encodes in the tokenizer benchmark, and how each is started. */
import { join } from 'node:path'
import { type BenchmarkOptions, need, pythonWith } from '../benchmark.ts'
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
  /** Starts it for the tokenizer in a folder. Throws `Skip` where it is missing. */
  start(folder: string, options: BenchmarkOptions): Promise<Contender>
}

const here = (file: string) => new URL(file, import.meta.url).pathname

/** Hugging Face's library would use more threads for a batch. */
export const oneThread = { TOKENIZERS_PARALLELISM: 'false', RAYON_NUM_THREADS: '1' }

async function started(contender: Contender): Promise<Contender> {
  await contender.next()
  return contender
}

const javascript = (name: string, folder: string, peers = '') =>
  started(new Contender(process.execPath, ['--import', 'tsx', here('javascript.ts'), name, folder, peers]))

export const ours: Side = { name: 'Pellucid', start: (folder) => javascript('Pellucid', folder) }

const npm = (name: string, aim?: number): Side => ({
  name,
  ...(aim !== undefined && { aim }),
  async start(folder, { peers }) {
    const home = need(peers, `A folder with ${name}`, 'install it there and pass --peers or PEERS')
    need(join(home, 'node_modules', name), name, `run \`npm install ${name}\` in that folder`)
    return await javascript(name, folder, home)
  },
})

const python = (name: string, module: string, aim?: number): Side => ({
  name,
  ...(aim !== undefined && { aim }),
  async start(folder, options) {
    const program = await pythonWith(options.python, [module])
    return await started(new Contender(program, [here('peer.py'), module, folder], oneThread))
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
