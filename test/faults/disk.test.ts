/** Disks that are full, failing or not to be written to: the run stops and says why, and what was saved before is whole. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bytesOf, exhaustive, goOn, openRuns, small, start, trainArguments } from './run.ts'
import { type Call, callsUntil, save, traced, whyNoStrace } from './strace.ts'

const runs = openRuns()
afterAll(() => runs.close())

const unixOnly = process.platform === 'win32' ? 'a Unix shell is needed' : undefined
const named = (what: string, reason: string | undefined) => (reason ? `${what} (${reason})` : what)

/** Names of temporary files and half-made checkpoints. */
const debris = (out: string) =>
  readdirSync(out, { recursive: true }).filter((name) =>
    /\.tmp-|\.(partial|replaced|removed|abandoned)$/.test(String(name)),
  )

/** After a save of step 4 that failed: the checkpoint of step 2 is there, and going on ends as if nothing had been. */
async function expectSound(out: string, what: string) {
  expect(debris(out), what).toEqual([])
  expect(readdirSync(join(out, 'checkpoints')).sort(), what).toContain('step-2')
  const { code, stderr } = await goOn(out, small)
  expect({ code, stderr }, what).toEqual({ code: 0, stderr: '' })
  expect(bytesOf(out), what).toEqual(await runs.undisturbed(small))
}

const noStrace = whyNoStrace()
describe.skipIf(noStrace)(named('a system call of a save fails', noStrace), () => {
  let calls: readonly Call[]
  beforeAll(async () => {
    if (!noStrace) calls = callsUntil((await traced(runs, save)).calls, save.until)
  }, 600_000)

  test.each([
    ['write', 'ENOSPC', 'no space left on the device (ENOSPC)'],
    ['write', 'EIO', 'the disk reports an input/output error (EIO)'],
    ['fsync', 'EIO', 'the disk reports an input/output error (EIO)'],
    ['openat', 'EMFILE', 'too many open files (EMFILE)'],
    ['rename', 'EIO', 'the disk reports an input/output error (EIO)'],
    ['mkdir', 'EROFS', 'the file system is read-only (EROFS)'],
  ])('%s: %s', { timeout: 3_600_000 }, async (name, error, cause) => {
    // From the moment when the new checkpoint has its name, failures are no longer this save's.
    const placed = calls.findLastIndex(({ name, args }) => name === 'rename' && args.endsWith('checkpoints/step-4"'))
    const failing = (call: Call, i: number) =>
      call.name === name &&
      (name !== 'openat' || call.args.includes('O_CREAT')) &&
      call.path?.startsWith('OUT') &&
      i <= placed &&
      !call.result.startsWith('-1')
    const points = calls.filter(failing)
    expect(points.length).toBeGreaterThan(0)
    const chosen = exhaustive ? points : points.filter((_, i) => i === Math.floor(points.length / 2))
    for (const call of chosen) {
      const point = `${error} at ${name} ${call.nth} of ${call.path}`
      const { out, code, stderr } = await traced(runs, save, { call, effect: `error=${error}` })
      expect({ code, stderr }, point).toEqual({ code: 1, stderr: expect.stringContaining(cause) })
      expect(stderr, point).toContain(`${out}/`)
      expect(stderr.trimEnd().split('\n').length, point).toBeLessThanOrEqual(3)
      await expectSound(out, point)
      runs.remove(out)
    }
    if (exhaustive) console.log(`${name} ${error}: ${chosen.length} of ${points.length} calls, none lost anything`)
  })

  test('a disk that loses bytes without a word is found out at resume', async () => {
    const last = { ...save, after: '"type":"step","step":6,' }
    const calls = callsUntil((await traced(runs, last)).calls, last.until)
    const call = calls.findLast(({ name, path }) => name === 'write' && path?.includes('optimizer.safetensors'))!
    const { out, code } = await traced(runs, last, { call, effect: 'retval=4' })
    expect(code).toBe(0)
    const resumed = await goOn(out, small)
    expect(resumed.code).toBe(3)
    expect(resumed.stderr).toContain(join(out, 'checkpoints', 'step-6', 'optimizer.safetensors'))
  })
})

describe.skipIf(unixOnly)(named('limits of the shell', unixOnly), () => {
  /** The command under limits, as a shell sets them. */
  const limited = (limit: string) => ({ wrapper: ['sh', '-c', `ulimit ${limit}; exec "$0" "$@"`] })

  test('the largest file: the write that is cut short is an error with its bytes', async () => {
    const out = runs.place()
    // In blocks of 512 bytes: the weights fit, the moments do not.
    const { code, stderr } = await start(trainArguments(out, small), limited('-f 100')).finished
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /optimizer\.safetensors: could not write: larger than a file may be here \(EFBIG\) after \d+ of \d+ bytes/,
    )
    expect(debris(out)).toEqual([])
    expect((await goOn(out, small)).code).toBe(0)
    expect(bytesOf(out)).toEqual(await runs.undisturbed(small))
  })
  test('64 open files are enough', async () => {
    const out = runs.place()
    expect(await start(trainArguments(out, small), limited('-n 64')).finished).toMatchObject({ code: 0, stderr: '' })
    expect(bytesOf(out)).toEqual(await runs.undisturbed(small))
  })
})

describe('directories that cannot be written to', () => {
  test('a file in the place of the directory', async () => {
    const out = runs.place()
    writeFileSync(out, 'a file')
    const { code, stdout, stderr } = await start(trainArguments(out, small)).finished
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(out)
  })
  const unwritable = process.platform === 'linux' && existsSync('/proc/self') ? undefined : '/proc is needed'
  test.skipIf(unwritable)(named('a file system that takes none', unwritable), async () => {
    const { code, stdout, stderr } = await start(['train', '--out', '/proc/run', '--json']).finished
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^\/proc\/run: could not write: .*\n$/)
  })
})

/** A file system of its own in memory can be made by root alone. */
const mounted = (directory: string, ...options: string[]) =>
  spawnSync('mount', ['-t', 'tmpfs', ...options, 'none', directory]).status === 0
const noMount = (() => {
  const probe = runs.place('probe')
  mkdirSync(probe)
  if (!mounted(probe)) return 'a file system can be mounted by root alone'
  spawnSync('umount', [probe])
})()

describe.skipIf(noMount)(named('a small disk', noMount), () => {
  test('is full in the middle of a run; with more room the run goes on', async () => {
    const disk = runs.place('disk')
    mkdirSync(disk)
    // Room for the text, the model and one checkpoint, but not for two.
    expect(mounted(disk, '-o', 'size=460k')).toBe(true)
    try {
      const out = join(disk, 'run')
      const { code, stderr } = await start(trainArguments(out, small)).finished
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/no space left on the device \(ENOSPC\) after \d+ of \d+ bytes/),
      })
      expect(stderr).toMatch(/A checkpoint takes \d+ bytes/)
      expect(debris(out)).toEqual([])
      expect(spawnSync('mount', ['-o', 'remount,size=4m', disk]).status).toBe(0)
      expect(await goOn(out, small)).toMatchObject({ code: 0, stderr: '' })
      expect(bytesOf(out)).toEqual(await runs.undisturbed(small))
    } finally {
      spawnSync('umount', [disk])
    }
  })
  test('that turns read-only', async () => {
    const disk = runs.place('disk')
    mkdirSync(disk)
    expect(mounted(disk, '-o', 'ro')).toBe(true)
    try {
      const { code, stderr } = await start(['train', '--out', join(disk, 'run'), '--json']).finished
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: `${join(disk, 'run')}: could not write: the file system is read-only (EROFS). Choose a folder that can be written.\n`,
      })
    } finally {
      spawnSync('umount', [disk])
    }
  })
})
