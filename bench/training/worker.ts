/**
 * Our side of the training benchmark, in a process of its own: answers lines of JSON with lines of JSON.
 *   node … worker.ts CONFIG THREADS [FOLDER]    with a folder, writes the first weights and the batches there and ends
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { program } from '../../src/graph/program.ts'
import { einsum, input } from '../../src/ops/index.ts'
import { nativeLibrary } from '../../src/runtime/native/library.ts'
import { nativeRuntime } from '../../src/runtime/native/native.ts'
import { zeros } from '../../src/tensor/array.ts'
import { parseRecipe } from '../../src/training/recipe.ts'
import { drawRandom, rehearse, rehearsedBatches } from '../../src/training/rehearsal.ts'
import { writeSafetensors } from '../../src/weights/safetensors-write.ts'
import { recipeOf, stepConfig } from './configs.ts'

const [name, threadsText, folder] = process.argv.slice(2)
const config = stepConfig(name!)
const threads = Number(threadsText)
const recipe = parseRecipe(recipeOf(config))
const runtime = nativeRuntime()
const rehearsal = await rehearse(recipe, config.vocabulary, { runtime, threads })

/** The most memory this process has held, in MiB. The system's count since the program began, where it keeps one. */
function peakMemory(): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}

let product: (() => Promise<void>) | undefined

/** GFLOP/s of one product of square matrices. */
async function multiply(size: number): Promise<number> {
  if (!product) {
    const [a, b] = [input('a', [size, size]), input('b', [size, size])]
    const executable = await runtime.compile(program({ a, b }, { c: einsum('m k, k n -> m n', a, b) }), { threads })
    const [x, y, c] = [0.5, 0.25, 0].map((value) => {
      const array = zeros('float32', [size, size])
      ;(array.data as Float32Array).fill(value)
      return array
    })
    product = executable.bind({ a: x!, b: y! }, { c: c! })
    await product()
  }
  const start = performance.now()
  await product()
  return (2 * size ** 3) / (performance.now() - start) / 1e6
}

type Request = { steps?: number; product?: number; memory?: true }

async function answer({ steps, product: size, memory }: Request): Promise<unknown> {
  if (memory) return { peak: peakMemory() }
  if (size !== undefined) return { gflops: await multiply(size) }
  const done = []
  for (let i = 0; i < steps!; i++) done.push(await rehearsal.run())
  return { steps: done }
}

if (folder) {
  mkdirSync(folder, { recursive: true })
  await writeSafetensors(join(folder, 'model.safetensors'), rehearsal.step.parameters)
  const batches = Array.from({ length: rehearsedBatches }, (_, i) => drawRandom(recipe, config.vocabulary, i)).flat()
  writeFileSync(join(folder, 'batches.bin'), Buffer.concat(batches.map((ids) => new Uint8Array(ids.buffer))))
} else {
  const { parameters, splits } = rehearsal
  const versions = { node: process.versions.node, onnxruntime: nativeLibrary().version }
  console.log(JSON.stringify({ versions, parameters, splits }))
  for await (const line of createInterface({ input: process.stdin }))
    console.log(JSON.stringify(await answer(JSON.parse(line))))
}
await rehearsal.dispose()
