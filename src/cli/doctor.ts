/** `pellucid doctor`: what was found on this machine, what is used, and how to mend what is missing. */
import { freemem, totalmem } from 'node:os'
import { version } from '../base/version.ts'
import { program } from '../graph/program.ts'
import { input } from '../ops/index.ts'
import { chooseRuntime } from '../runtime/choose.ts'
import { probeNative } from '../runtime/native/probe.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { webRuntime } from '../runtime/web.ts'
import { painter } from './color.ts'
import type { Command } from './command.ts'
import { json } from './options.ts'

/** Whether a runtime can add one and one; else why not. */
async function works(runtime: Runtime): Promise<string | undefined> {
  try {
    const x = input('x', [1])
    const executable = await runtime.compile(program({ x }, { y: x.add(x) }))
    const { y } = await executable.run({ x: { dtype: 'float32', shape: [1], data: Float32Array.of(1) } })
    await executable.dispose()
    return y!.data[0] === 2 ? undefined : `1 + 1 gave ${y!.data[0]}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`

export const doctor: Command = {
  name: 'doctor',
  summary: 'what runs here, and how to mend what does not',
  options: [json],
  async run({ json: asJson }, terminal) {
    const probe = probeNative()
    const notes: string[] = []
    const chosen = await chooseRuntime(undefined, { warn: (line) => notes.push(line) })
    const failures = { [chosen.name]: await works(chosen), web: await works(webRuntime()) }
    const report = {
      pellucid: version(),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      processor: probe.processor,
      threads: probe.threads,
      memory: { total: totalmem(), free: freemem() },
      native: {
        library: probe.library,
        version: probe.version,
        providers: probe.providers,
        problem: probe.problem,
        mend: probe.mend,
      },
      runtime: chosen.name,
      failures: Object.fromEntries(Object.entries(failures).filter(([, failure]) => failure !== undefined)),
    }
    if (asJson) {
      terminal.out(`${JSON.stringify(report)}\n`)
      return
    }
    const paint = painter(terminal.color)
    const others = probe.providers.map((name) => name.replace('ExecutionProvider', '')).filter((name) => name !== 'CPU')
    const line = (name: string, text: string) => terminal.out(`${paint.bold(name.padEnd(11))} ${text}\n`)
    const state = (name: string) =>
      report.failures[name] === undefined ? paint.green('works') : paint.red(`fails: ${report.failures[name]}`)
    line('pellucid', `${report.pellucid} · Node ${report.node} · ${report.platform}`)
    line(
      'processor',
      `${probe.processor.model} · ${probe.processor.cores} cores · ${probe.processor.features.join(' ')}`,
    )
    line('memory', `${gigabytes(report.memory.free)} free of ${gigabytes(report.memory.total)}`)
    if (probe.problem)
      line('native', `${paint.yellow(probe.problem)}${probe.mend ? `\n${' '.repeat(12)}${probe.mend}` : ''}`)
    else
      line(
        'native',
        `ONNX Runtime ${probe.version} · ${state('native')}\n${' '.repeat(12)}${paint.dim(probe.library ?? '')}\n` +
          `${' '.repeat(12)}computes on the CPU; also compiled in, unused: ${others.join(', ') || 'nothing'}`,
      )
    line('web', `ONNX Runtime as WebAssembly · ${state('web')}`)
    line('used', `${paint.bold(chosen.name)} with ${probe.threads} thread${probe.threads === 1 ? '' : 's'}`)
  },
}
