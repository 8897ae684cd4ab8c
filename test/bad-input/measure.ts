/** What a piece of work costs this process: processor time, and how much its memory grew at most. */
import { readFileSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** A field of /proc/self/status in bytes. */
const status = (field: string): number =>
  1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))![1])

/** Linux counts the most memory that a process ever held, and starts anew when told; elsewhere only what is left at the end is seen. */
const linux = process.platform === 'linux'

export type Cost<T> = { readonly result: T; readonly milliseconds: number; readonly bytes: number }

/** Runs once. Time is the processor's, of all threads: the clock would measure what else the machine does. */
export async function measure<T>(work: () => Promise<T>): Promise<Cost<T>> {
  collectGarbage()
  if (linux) writeFileSync('/proc/self/clear_refs', '5')
  const before = process.memoryUsage.rss()
  const started = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(started)
  const most = linux ? status('VmHWM') : process.memoryUsage.rss()
  return { result, milliseconds: (user + system) / 1000, bytes: Math.max(0, most - before) }
}
