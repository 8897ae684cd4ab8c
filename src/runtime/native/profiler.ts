/** A native runtime that is watched: ONNX Runtime traces every session to a file, which is read and removed. */
import { fs, path } from '../../base/files.ts'
import type { Program } from '../../graph/program.ts'
import { lower } from '../../onnx/lower.ts'
import type { Profiler, ProgramProfile, Span } from '../profile.ts'
import type { Executable, Runtime } from '../runtime.ts'
import { readTrace } from './trace.ts'

/** Notes the time of each call. */
function watched(executable: Executable, calls: Span[]): Executable {
  const timed = async <T>(call: () => Promise<T>): Promise<T> => {
    const start = performance.now()
    const index = calls.push([start, start]) - 1
    try {
      return await call()
    } finally {
      calls[index] = [start, performance.now()]
    }
  }
  return {
    run: (inputs, outputs) => timed(() => executable.run(inputs, outputs)),
    bind(inputs, outputs) {
      const run = executable.bind(inputs, outputs)
      return () => timed(run)
    },
    dispose: () => executable.dispose(),
  }
}

/** Watches what `runtime` compiles. A trace holds about a million nodes' runs; later ones are not in it. */
export async function createProfiler(runtime: Runtime): Promise<Profiler> {
  const os = process.getBuiltinModule('node:os')
  const folder = await fs().promises.mkdtemp(path().join(os.tmpdir(), 'pellucid-profile-'))
  const programs: { program: Program; calls: Span[] }[] = []
  return {
    runtime: {
      ...runtime,
      async compile(program, options) {
        const calls: Span[] = []
        const profile = path().join(folder, String(programs.push({ program, calls }) - 1))
        return watched(await runtime.compile(program, { ...options, profile }), calls)
      },
    },
    async finish() {
      const files = await fs().promises.readdir(folder)
      return Promise.all(
        programs.map(async ({ program, calls }, i): Promise<ProgramProfile> => {
          // The library adds the date to the name that it is given.
          const file = files.find((name) => name.startsWith(`${i}_`))
          const text = file ? await fs().promises.readFile(path().join(folder, file), 'utf8') : '[]'
          // The same program is lowered to the same names again.
          return { program, calls, runs: readTrace(text, lower(program, runtime.capabilities).origins) }
        }),
      )
    },
    close: () => fs().promises.rm(folder, { recursive: true, force: true }),
  }
}
