/** The op suite: every law for every sample of an op, on every runtime. It returns what is wrong in words, so that it can be tested itself. */
import { evaluator } from '../../src/graph/evaluate.ts'
import type { Op } from '../../src/graph/op.ts'
import { inScope } from '../../src/graph/scope.ts'
import type { Tensor } from '../../src/graph/tensor.ts'
import { nodesOf } from '../../src/graph/walk.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { Value } from '../../src/tensor/value.ts'
import { type Case, derivativeProblems, fullJacobian } from './derivatives.ts'
import { runtimeProblems, symbolicProblems } from './runtimes.ts'
import { arrayOf, type OpSamples, type Sample, type Sizes } from './sample.ts'
import { type Replacements, trace } from './trace.ts'

export type SuiteOptions = {
  readonly runtimes: readonly Runtime[]
  /** Ops that stand in for those of the table: how the suite's own test breaks one. */
  readonly replacements?: Replacements
}

const isSymbolic = ({ inputs }: Sample): boolean =>
  inputs.some(({ axes }) => axes.some((axis) => typeof axis === 'string'))
const uses = (outputs: readonly Tensor[], op: string): boolean => nodesOf(outputs).some((node) => node.op.name === op)
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** Every problem with one op, each beginning with the op's and the sample's name. */
export async function opProblems(
  op: Op,
  samples: OpSamples,
  { runtimes, replacements = new Map() }: SuiteOptions,
): Promise<string[]> {
  const problems: string[] = []
  const guard = async (label: string, f: () => readonly string[] | Promise<readonly string[]>) => {
    try {
      for (const problem of await f()) problems.push(`${op.name}, ${label}: ${problem}`)
    } catch (error) {
      problems.push(`${op.name}, ${label}: ${messageOf(error)}`)
    }
  }
  const current = replacements.get(op.name) ?? op
  for (const [name, sample] of Object.entries(samples.samples)) {
    const symbolic = isSymbolic(sample)
    for (const sizes of sample.sizes ?? [{}]) {
      const values = sample.inputs.map((spec, i) => Value.from(arrayOf(spec, sizes, `${op.name} ${name} ${i}`)))
      const each: Case = { op: current, samples, sample, sizes, values, replacements }
      const label = symbolic ? `${name} ${JSON.stringify(sizes)}` : name
      await guard(label, () => valueProblems(each))
      await guard(label, () => derivativeProblems(each))
      for (const runtime of runtimes) await guard(label, () => runtimeProblems(runtime, `${op.name} ${name}`, each))
    }
    if (!symbolic) continue
    for (const runtime of runtimes)
      await guard(name, () => symbolicProblems(runtime, `${op.name} ${name}`, sample, replacements))
  }
  if (typeof samples.errors !== 'string')
    for (const [name, { call, says }] of Object.entries(samples.errors))
      await guard(name, () => errorProblems(call, says))
  return problems
}

/** The sample is one of the op, and the op's definition gives what its shape rule promises (the evaluator sees to that). */
function valueProblems({ op, sample, sizes, values, replacements }: Case): string[] {
  const { inputs, outputs } = trace(sample, replacements, sizes)
  // Some sizes make nothing of an op: an axis of 1 broadcast to 1.
  if ((sample.sizes?.indexOf(sizes) ?? 0) === 0 && !uses(outputs, op.name)) return ['the sample does not use the op']
  evaluator(outputs)(new Map(inputs.map((x, i) => [x, values[i]!])))
  return []
}

/** The place in a model where the calls that must fail are made. */
const place = 'h.0.attn'

function errorProblems(call: () => unknown, says: readonly string[]): string[] {
  try {
    inScope(place, call, true)
  } catch (error) {
    const message = messageOf(error)
    const missing = [...says, `(in ${place})`].filter((text) => !message.includes(text))
    if ((error as { code?: unknown }).code !== 'SHAPE') return [`failed otherwise than by a shape rule: ${message}`]
    return missing.length ? [`the message lacks ${missing.map((text) => `'${text}'`).join(', ')}: ${message}`] : []
  }
  return ['was not refused']
}

/** How much there is of everything. */
export function counts(table: ReadonlyMap<string, OpSamples>) {
  const all = [...table.values()]
  const samples = all.flatMap((each) => Object.values(each.samples))
  const sizes = (each: (typeof samples)[number]): readonly Sizes[] => each.sizes ?? [{}]
  return {
    ops: table.size,
    samples: samples.flatMap(sizes).length,
    symbolic: samples.filter(isSymbolic).length,
    errors: all.reduce((n, { errors }) => n + (typeof errors === 'string' ? 0 : Object.keys(errors).length), 0),
  }
}

const lengths = (sample: Sample, sizes: Sizes): number[] =>
  sample.inputs.map(({ axes }) =>
    axes.reduce<number>((n, axis) => n * (typeof axis === 'number' ? axis : sizes[axis]!), 1),
  )

/** What an op's samples lack, beside what the laws find. */
export function gaps(op: Op, samples: OpSamples | undefined): string[] {
  if (!samples) return [`${op.name} has no samples`]
  const all = Object.values(samples.samples)
  const cases = all.flatMap((sample) => (sample.sizes ?? [{}]).map((sizes) => lengths(sample, sizes)))
  const missing: Record<string, boolean> = {
    'six samples': all.length < 6,
    'a sample with one element': !cases.flat().includes(1),
    'a sample with no elements': !cases.flat().includes(0) && samples.neverEmpty === undefined,
    'a sample too large for a full Jacobian': !cases.some((counts) => counts.reduce((a, b) => a + b, 0) > fullJacobian),
    'a sample over named axes': !all.some(isSymbolic),
    'an error sample': typeof samples.errors !== 'string' && Object.keys(samples.errors).length === 0,
  }
  return Object.entries(missing).flatMap(([what, lacks]) => (lacks ? [`${op.name} lacks ${what}`] : []))
}
