/** How fast this machine reads memory: the quicker of two ways to read a gigabyte once, best of several times. */
import { program } from '../../src/graph/program.ts'
import type { Tensor } from '../../src/graph/tensor.ts'
import { einsum, input } from '../../src/ops/index.ts'
import { nativeRuntime } from '../../src/runtime/native/native.ts'
import type { Arrays } from '../../src/runtime/runtime.ts'
import { zeros } from '../../src/tensor/array.ts'

const side = 1 << 14
const repeats = 7

/** GB/s of the best of the repeats: sums along rows, and the product of a vector and a matrix, which is what decoding does. */
export async function bandwidth(threads: number): Promise<number> {
  const runtime = nativeRuntime()
  const array = zeros('float32', [side, side])
  array.data.fill(0.5 as never)
  const row = zeros('float32', [1, side])
  const [matrix, vector] = [input('matrix', [side, side]), input('vector', [1, side])]
  const ways: { inputs: Record<string, Tensor>; arrays: Arrays; y: Tensor }[] = [
    { inputs: { matrix }, arrays: { matrix: array }, y: matrix.sum([1]) },
    {
      inputs: { matrix, vector },
      arrays: { matrix: array, vector: row },
      y: einsum('m k, k n -> m n', vector, matrix),
    },
  ]
  let best = 0
  for (const { inputs, arrays, y } of ways) {
    const executable = await runtime.compile(program(inputs, { y }), { threads })
    const run = executable.bind(arrays, { y: zeros('float32', y.shape as number[]) })
    for (let i = 0; i < repeats; i++) {
      const start = performance.now()
      await run()
      best = Math.max(best, (4 * side * side) / (performance.now() - start) / 1e6)
    }
    await executable.dispose()
  }
  return best
}
