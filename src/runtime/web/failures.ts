/** What goes wrong in the WebAssembly engine, as errors for a person. */
import { failure, PellucidError } from '../../base/errors.ts'
import { describeFailure } from '../failures.ts'

/** The engine's own wording where its files do not load. */
const noStart = /no available backend found\. ERR: \[wasm\] (?:\w*Error: )?(?<reason>.*)/s
/** Room that is refused, and sizes that a 32-bit address space cannot even count. */
const noMemory =
  /bad_alloc|failed to allocate|Aborted\(OOM\)|^failed to call.*(?:Integer overflow|Tensor shape is too large)/s

/** Any failure of the engine as a PellucidError: WEB_UNAVAILABLE, OUT_OF_MEMORY, WEB_NODE_FAILED or WEB_FAILED. */
export function describeWebFailure(error: unknown): PellucidError {
  if (error instanceof PellucidError) return error
  const message = String((error as Error | undefined)?.message ?? error)
  const reason = noStart.exec(message)?.groups?.reason
  if (reason !== undefined)
    return failure(
      'WEB_UNAVAILABLE',
      `The web runtime cannot start: ${reason.split('\n')[0]}\n` +
        'Serve ort-wasm-simd-threaded.wasm and .mjs (of onnxruntime-web) beside the script, or name their folder as wasmPaths.',
      error,
    )
  if (noMemory.test(message))
    return failure(
      'OUT_OF_MEMORY',
      'The web runtime ran out of memory: WebAssembly has 4 GB at most, weights included.',
      error,
    )
  return describeFailure(message, 'web')
}
