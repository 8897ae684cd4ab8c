/** One step of training in the plainest form: the same lines run in a page and in Node. */
import { program } from '../../src/graph/program.ts'
import { input } from '../../src/ops/index.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import type { NdArray } from '../../src/tensor/array.ts'
import { createOptimizer, optimizerSchema } from '../../src/training/optimizers/index.ts'
import { gradients } from '../../src/transforms/gradients.ts'
import { atInference } from '../../src/transforms/inference.ts'
import { type Checkpoint, readParameters } from '../../src/weights/checkpoint.ts'

type Arrays = Readonly<Record<string, NdArray>>

/** Gradient descent by one batch, without dropout: the loss before and after, and the parameters after. */
export async function trainingStep(
  runtime: Runtime,
  checkpoint: Checkpoint,
  batch: Arrays,
): Promise<{ losses: number[]; parameters: Arrays }> {
  const { network, parameters } = checkpoint
  const names = [...parameters.keys()]
  const inputs = Object.fromEntries(Object.entries(batch).map(([name, x]) => [name, input(name, x.shape, x.dtype)]))
  const [traced] = atInference([network(inputs).loss!])
  const { loss, gradients: dys } = gradients(traced!, [...parameters.values()])
  const derivatives = Object.fromEntries(names.map((name, i) => [`grad.${name}`, dys[i]!]))
  const step = program({ ...inputs, ...Object.fromEntries(parameters) }, { loss, ...derivatives })

  const stored = await readParameters(checkpoint)
  const shapes = [...stored].map(([name, { shape }]) => ({ name, shape }))
  const optimizer = createOptimizer(optimizerSchema.parse({ name: 'sgd' }), shapes)
  const arrays = (views: ReadonlyMap<string, Float32Array>, prefix = ''): Arrays =>
    Object.fromEntries(
      shapes.map(({ name, shape }) => [prefix + name, { dtype: 'float32', shape, data: views.get(name)! }]),
    )
  for (const [name, { data }] of stored) optimizer.parameters.get(name)!.set(data as Float32Array)

  const lossArray: NdArray = { dtype: 'float32', shape: [], data: new Float32Array(1) }
  const executable = await runtime.compile(step)
  const run = executable.bind(
    { ...batch, ...arrays(optimizer.parameters) },
    { loss: lossArray, ...arrays(optimizer.gradients[0]!, 'grad.') },
  )
  const losses: number[] = []
  await run()
  losses.push(Number(lossArray.data[0]))
  optimizer.step(0.05)
  await run()
  losses.push(Number(lossArray.data[0]))
  await executable.dispose()
  return { losses, parameters: arrays(optimizer.parameters) }
}
