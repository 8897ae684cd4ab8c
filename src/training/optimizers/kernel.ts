/** Loads the optimizers' WebAssembly kernel over a memory. */
import { loadModule } from '../kernels.ts'
import { ownMemoryKernel, sharedMemoryKernel } from './kernel.generated.ts'

/** Byte offset of a slot in its memory. */
export type Pointer = number

/** What assembly/kernel.ts exports; the formulas stand there. Counts are in floats. */
export type Kernel = {
  sumOfSquares(x: Pointer, count: number): number
  add(x: Pointer, y: Pointer, count: number): void
  addAndSumSquares(x: Pointer, y: Pointer, count: number): number
  penalize(g: Pointer, p: Pointer, count: number, scale: number, l2: number): void
  adam(
    ...args: [
      ...[p: Pointer, g: Pointer, m: Pointer, v: Pointer, count: number],
      ...[beta1: number, share: number, beta2: number, root: number],
      ...[shrink: number, epsilon: number, step: number],
    ]
  ): void
  sgd(
    ...args: [
      ...[p: Pointer, g: Pointer, b: Pointer, count: number],
      ...[momentum: number, share: number, direct: number, through: number],
    ]
  ): void
  marginalSquares(g: Pointer, rows: number, columns: number, rowSums: Pointer, columnSums: Pointer): void
  scaledSquares(g: Pointer, rows: number, columns: number, a: Pointer, b: Pointer, ceiling: number): number
  scaledStep(
    ...args: [
      ...[p: Pointer, g: Pointer, rows: number, columns: number, a: Pointer, b: Pointer, ceiling: number],
      ...[shrink: number, rate: number],
    ]
  ): void
}

/** The kernel working on `memory`, its own or shared. */
export const loadKernel = (memory: WebAssembly.Memory): Kernel =>
  loadModule(memory.buffer instanceof ArrayBuffer ? ownMemoryKernel : sharedMemoryKernel, memory)
