/** A GPT-2 directory as a GGUF file for llama.cpp: float16, or Q8_0 or Q4_0 as its own quantizer rounds them. */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { NdArray } from '../../src/tensor/array.ts'
import { narrow } from '../../src/tensor/half.ts'
import { openSafetensors } from '../../src/weights/safetensors.ts'

/** How matrices are stored; vectors and positions are float32 always, as llama.cpp's converter has them. */
export type GgufType = 'f16' | 'q8_0' | 'q4_0'

/** Numbers of the format: the element types of tensors, and of the file as a whole. */
const storedAs = { f32: 0, f16: 1, q4_0: 2, q8_0: 8 }
const fileType = { f16: 1, q4_0: 2, q8_0: 7 }
const version = 3
const alignment = 32

/** Weights that share a scale. */
const block = 32

/** What llama.cpp calls the parts of a layer. */
const layerNames: Readonly<Record<string, string>> = {
  ln_1: 'attn_norm',
  'attn.c_attn': 'attn_qkv',
  'attn.c_proj': 'attn_output',
  ln_2: 'ffn_norm',
  'mlp.c_fc': 'ffn_up',
  'mlp.c_proj': 'ffn_down',
}

type Config = {
  n_layer: number
  n_head: number
  n_embd: number
  n_positions: number
  layer_norm_epsilon: number
  vocab_size: number
}
type Tensor = { name: string; type: keyof typeof storedAs; shape: readonly number[]; bytes: Uint8Array }

/** Writes the file; returns the bytes of weights in it that each token reads, that is all but the positions. */
export async function writeGguf(directory: string, file: string, type: GgufType): Promise<number> {
  const config = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')) as Config
  const tensors = await convert(join(directory, 'model.safetensors'), config, type)
  const metadata = [
    ...modelFields(config, type),
    ...tokenizerFields(join(directory, 'tokenizer.json'), config.vocab_size),
  ]
  let offset = 0
  const entries = tensors.map(({ name, type, shape, bytes }) => {
    const entry = [text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(storedAs[type]), u64(offset)]
    offset += padded(bytes.length)
    return Buffer.concat(entry)
  })
  const head = [Buffer.from('GGUF'), u32(version), u64(tensors.length), u64(metadata.length), ...metadata, ...entries]
  const open = openSync(file, 'w')
  try {
    for (const part of [Buffer.concat(head), ...tensors.map(({ bytes }) => bytes)]) {
      writeSync(open, part)
      writeSync(open, new Uint8Array(padded(part.length) - part.length))
    }
  } finally {
    closeSync(open)
  }
  return tensors.reduce((sum, { name, bytes }) => sum + (name.startsWith('position') ? 0 : bytes.length), 0)
}

async function convert(file: string, { n_layer: layers }: Config, type: GgufType): Promise<Tensor[]> {
  const stored = await openSafetensors(file)
  const prefix = stored.entries.has('transformer.wte.weight') ? 'transformer.' : ''
  const read = async (from: string, name: string, as: Tensor['type'] = 'f32'): Promise<Tensor> => {
    const array = await stored.read(`${prefix}${from}`)
    // GPT-2 stores its products as [in, out], llama.cpp as [out, in].
    const { shape, data } = as !== 'f32' && from.startsWith('h.') ? transpose(array) : array
    return { name, type: as, shape, bytes: encode(data as Float32Array, as) }
  }
  const both = async (from: string, name: string, as?: Tensor['type']) => [
    await read(`${from}.weight`, `${name}.weight`, as),
    await read(`${from}.bias`, `${name}.bias`),
  ]
  const tensors = [
    await read('wte.weight', 'token_embd.weight', type),
    await read('wpe.weight', 'position_embd.weight'),
    ...(await both('ln_f', 'output_norm')),
  ]
  for (let layer = 0; layer < layers; layer++)
    for (const [from, name] of Object.entries(layerNames))
      tensors.push(...(await both(`h.${layer}.${from}`, `blk.${layer}.${name}`, name.endsWith('norm') ? 'f32' : type)))
  return tensors
}

function transpose({ shape, data }: NdArray): { shape: readonly number[]; data: Float32Array } {
  const [rows, columns] = shape as [number, number]
  const from = data as Float32Array
  const to = new Float32Array(from.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column]!
  return { shape: [columns, rows], data: to }
}

function encode(values: Float32Array, type: Tensor['type']): Uint8Array {
  if (type === 'f32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  if (type === 'f16') return new Uint8Array(narrow(values, 'float16').buffer)
  return quantize(values, type)
}

/** Blocks of a float16 scale and the integers that it multiplies: 8 bits, or two of 4 bits a byte, the later half of the block on top. */
function quantize(values: Float32Array, type: 'q8_0' | 'q4_0'): Uint8Array {
  const size = 2 + (type === 'q8_0' ? block : block / 2)
  const scales = new Float32Array(values.length / block)
  const bytes = new Uint8Array(scales.length * size)
  for (let i = 0, at = 0; i < values.length; i += block, at += size) {
    let largest = 0
    for (let j = i; j < i + block; j++) if (Math.abs(values[j]!) > Math.abs(largest)) largest = values[j]!
    // Q4_0 counts from −8 to 7, so the largest value, whatever its sign, is taken to −8.
    const scale = Math.fround(type === 'q8_0' ? Math.abs(largest) / 127 : largest / -8)
    scales[i / block] = scale
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale)
    const whole = (j: number) => Math.fround(values[i + j]! * inverse)
    const nibble = (j: number) => Math.min(15, Math.trunc(Math.fround(whole(j) + 8.5)))
    if (type === 'q8_0') for (let j = 0; j < block; j++) bytes[at + 2 + j] = awayFromZero(whole(j))
    else for (let j = 0; j < block / 2; j++) bytes[at + 2 + j] = nibble(j) | (nibble(j + block / 2) << 4)
  }
  // The integers are of the whole scale, the stored one is rounded after.
  for (const [i, bits] of narrow(scales, 'float16').entries()) {
    bytes[i * size] = bits
    bytes[i * size + 1] = bits >>> 8
  }
  return bytes
}

const awayFromZero = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5)

const padded = (length: number): number => Math.ceil(length / alignment) * alignment

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(bytes.length), bytes])
}

/** Kinds of metadata values, and how each is written. */
const kinds = {
  u32: [4, u32],
  i32: [5, u32],
  f32: [6, (value: number) => Buffer.from(Float32Array.of(value).buffer)],
  string: [8, text],
} as const
const arrayKind = 9

type Values = { u32: number; i32: number; f32: number; string: string }

function field<K extends keyof Values>(key: string, kind: K, value: Values[K] | readonly Values[K][]): Buffer {
  const [number, write] = kinds[kind] as readonly [number, (value: Values[K]) => Buffer]
  if (!Array.isArray(value)) return Buffer.concat([text(key), u32(number), write(value as Values[K])])
  return Buffer.concat([text(key), u32(arrayKind), u32(number), u64(value.length), ...value.map(write)])
}

const modelFields = (config: Config, type: GgufType): Buffer[] => [
  field('general.architecture', 'string', 'gpt2'),
  field('general.file_type', 'u32', fileType[type]),
  field('general.quantization_version', 'u32', 2),
  field('gpt2.block_count', 'u32', config.n_layer),
  field('gpt2.context_length', 'u32', config.n_positions),
  field('gpt2.embedding_length', 'u32', config.n_embd),
  field('gpt2.feed_forward_length', 'u32', 4 * config.n_embd),
  field('gpt2.attention.head_count', 'u32', config.n_head),
  field('gpt2.attention.layer_norm_epsilon', 'f32', config.layer_norm_epsilon),
]

const tokenKinds = { normal: 1, control: 3 }

type TokenizerFile = {
  model: { vocab: Record<string, number>; merges: (string | [string, string])[] }
  added_tokens: { id: number; content: string }[]
}

/** Where a model has no tokenizer its tokens are numbers: llama.cpp wants names, the benchmark gives it ids. */
const numbered = (size: number): TokenizerFile => ({
  model: { vocab: Object.fromEntries(Array.from({ length: size }, (_, id) => [`<${id}>`, id])), merges: [] },
  added_tokens: [{ id: size - 1, content: '<end>' }],
})

function tokenizerFields(file: string, vocabulary: number): Buffer[] {
  const found = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as TokenizerFile) : numbered(vocabulary)
  const { model, added_tokens: added } = found
  const tokens: string[] = []
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token
  const types = tokens.map(() => tokenKinds.normal)
  for (const { id, content } of added) [tokens[id], types[id]] = [content, tokenKinds.control]
  const end = added[0]!.id
  return [
    field('tokenizer.ggml.model', 'string', 'gpt2'),
    field('tokenizer.ggml.pre', 'string', 'gpt-2'),
    field('tokenizer.ggml.tokens', 'string', tokens),
    field('tokenizer.ggml.token_type', 'i32', types),
    field(
      'tokenizer.ggml.merges',
      'string',
      model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))),
    ),
    field('tokenizer.ggml.bos_token_id', 'u32', end),
    field('tokenizer.ggml.eos_token_id', 'u32', end),
  ]
}
