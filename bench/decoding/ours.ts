/**
 * Our side of the decoding benchmark, in a process of its own: answers lines of JSON with lines of JSON.
 *   node … ours.ts DIRECTORY f32|int8|int4 THREADS
 */
import { createInterface } from 'node:readline'
import { loadModel } from '../../src/index.ts'
import { nativeLibrary } from '../../src/runtime/native/library.ts'
import type { Answer, Question } from './sides.ts'

const [directory, kind, threads] = process.argv.slice(2)
const model = await loadModel(directory!, {
  threads: Number(threads),
  quantize: kind === 'int8' || kind === 'int4' ? kind : undefined,
})
console.log(JSON.stringify({ node: process.versions.node, onnxruntime: nativeLibrary().version }))
for await (const line of createInterface({ input: process.stdin })) {
  const { prompts, tokens } = JSON.parse(line) as Question
  const start = performance.now()
  const { sequences } = await model.complete(prompts, { maxNewTokens: tokens, temperature: 0, stopTokens: [] })
  const seconds = (performance.now() - start) / 1000
  const answer: Answer = { seconds, ids: sequences.map(({ ids }) => ids.slice(-tokens)) }
  console.log(JSON.stringify(answer))
}
await model.dispose()
