/** What a runtime tells of the time its programs take: every run, and in it every node, traced back to the program's graph. */

import type { Program } from '../graph/program.ts'
import type { Node } from '../graph/tensor.ts'
import type { Runtime } from './runtime.ts'

/** One node of a run, as the engine executed it. */
export type NodeRun = {
  /** The engine's name and kernel. */
  readonly name: string
  readonly kernel: string
  readonly milliseconds: number
  /** Floating-point operations, for matrix products. */
  readonly flops: number | undefined
  /** The program's node that it was made from; undefined for what the engine added itself. */
  readonly origin: Node | undefined
}

/** One run: start and duration in milliseconds on the engine's clock, nodes in the order in which they began. */
export type ProgramRun = { readonly start: number; readonly duration: number; readonly nodes: readonly NodeRun[] }

/** Start and end of something on the clock of `performance.now()`. */
export type Span = readonly [start: number, end: number]

export type ProgramProfile = {
  readonly program: Program
  /** From the call of each run to its result, in the order of the calls. */
  readonly calls: readonly Span[]
  readonly runs: readonly ProgramRun[]
}

/** A runtime whose programs are watched. */
export type Profiler = {
  readonly runtime: Runtime
  /** What was seen, by program in the order of their compilation; to be called once all are disposed. */
  finish(): Promise<ProgramProfile[]>
  /** Removes what lies on the disk. */
  close(): Promise<void>
}

/** Time covered by spans that may overlap. */
export function covered(spans: readonly Span[]): number {
  let [total, until] = [0, -Infinity]
  for (const [start, end] of [...spans].sort((a, b) => a[0] - b[0])) {
    total += Math.max(0, end - Math.max(start, until))
    until = Math.max(until, end)
  }
  return total
}
