/**
 * llama.cpp's side of the decoding benchmark by way of node-llama-cpp, in a process of its own; lines of JSON as ours.
 *   node … llama-cpp.ts ENTRY FILE ROWS SLOTS THREADS FLASH
 * ENTRY is node-llama-cpp's main file, SLOTS the most tokens of a text, FLASH on or off.
 */
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import type { Answer, Question } from './sides.ts'

/** The little of its interface that is used here. */
type Sequence = {
  clearHistory(): Promise<void>
  evaluate(ids: readonly number[], options: object): AsyncIterable<number>
}
type Context = { getSequence(): Sequence; readonly currentThreads: number }
type LlamaModel = { createContext(options: object): Promise<Context> }
type Llama = { loadModel(options: object): Promise<LlamaModel>; dispose(): Promise<void> }
type Library = { getLlama(options: object): Promise<Llama> }

const [entry, modelPath, rows, slots, threadsText, flash] = process.argv.slice(2)
const threads = Number(threadsText)
const { getLlama } = (await import(pathToFileURL(entry!).href)) as Library
const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  maxThreads: threads,
  logLevel: 'error',
  progressLogs: false,
})
const model = await llama.loadModel({ modelPath, gpuLayers: 0 })
const context = await model.createContext({
  sequences: Number(rows),
  contextSize: Number(slots),
  threads: { ideal: threads, min: threads },
  flashAttention: flash === 'on',
})
const sequences = Array.from({ length: Number(rows) }, () => context.getSequence())

async function write(sequence: Sequence, prompt: readonly number[], tokens: number): Promise<number[]> {
  const ids: number[] = []
  for await (const id of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true }))
    if (ids.push(id) === tokens) break
  return ids
}

console.log(JSON.stringify({ flash: flash!, threads: String(context.currentThreads) }))
for await (const line of createInterface({ input: process.stdin })) {
  const { prompts, tokens } = JSON.parse(line) as Question
  for (const sequence of sequences) await sequence.clearHistory()
  const start = performance.now()
  const ids = await Promise.all(prompts.map((prompt, row) => write(sequences[row]!, prompt, tokens)))
  const answer: Answer = { seconds: (performance.now() - start) / 1000, ids }
  console.log(JSON.stringify(answer))
}
await llama.dispose()
process.exit(0)
