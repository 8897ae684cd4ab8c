import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ensureDirectory, removeDebris, writeBytes, writeFile, writeJson, writeText } from './atomic.ts'
import { openLineLog } from './line-log.ts'
import { lockDirectory } from './lock.ts'

const directory = mkdtempSync(join(tmpdir(), 'pellucid-atomic-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** An empty directory of its own for a test. */
const fresh = (name: string): string => {
  const folder = join(directory, name)
  mkdirSync(folder)
  return folder
}

/** Runs TypeScript in a process of its own; resolves once it has printed its first line. */
async function start(code: string): Promise<ChildProcess & { firstLine: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const firstLine = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text).trim()))
    child.once('exit', () => reject(new Error('the process ended before it said anything')))
  })
  return Object.assign(child, { firstLine })
}

const killed = async (child: ChildProcess): Promise<void> => {
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exit
}

describe('atomic writes', () => {
  test('replace a file and leave nothing else', async () => {
    const folder = fresh('replace')
    const file = join(folder, 'file')
    await writeText(file, 'old')
    await writeBytes(file, Uint8Array.of(1, 2, 3))
    expect([...readFileSync(file)]).toEqual([1, 2, 3])
    await writeJson(join(folder, 'value.json'), { é: [1, null] })
    expect(readFileSync(join(folder, 'value.json'), 'utf8')).toBe('{\n  "é": [\n    1,\n    null\n  ]\n}\n')
    expect(readdirSync(folder).sort()).toEqual(['file', 'value.json'])
  })

  test('memory shared between threads can be written', async () => {
    const file = join(fresh('shared'), 'file')
    await writeBytes(file, new Uint8Array(new SharedArrayBuffer(10)).fill(7))
    expect([...readFileSync(file)]).toEqual(Array(10).fill(7))
  })

  test('a failure halfway leaves the old file and no debris', async () => {
    const folder = fresh('failure')
    const file = join(folder, 'file')
    await writeText(file, 'old')
    const half = writeFile(file, async (sink) => {
      await sink.write(new Uint8Array(1000))
      throw new Error('no more')
    })
    await expect(half).rejects.toThrow('no more')
    expect(readFileSync(file, 'utf8')).toBe('old')
    expect(readdirSync(folder)).toEqual(['file'])
    await expect(writeJson(file, { loss: Number.NaN })).rejects.toThrow('"loss" is NaN')
    expect(readFileSync(file, 'utf8')).toBe('old')
  })

  test('errors name the path and what to do', async () => {
    const folder = fresh('errors')
    await expect(writeText(join(folder, 'missing', 'file'), '')).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      kind: 'failure',
    })
    mkdirSync(join(folder, 'taken'))
    await expect(writeText(join(folder, 'taken'), '')).rejects.toThrow(/taken: could not write: .*\(E/)
    writeFileSync(join(folder, 'file'), '')
    await expect(ensureDirectory(join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'NOT_A_DIRECTORY' })
    await expect(ensureDirectory(join(folder, 'file'))).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    // A file system that takes no directories and answers as if the parent were missing.
    if (existsSync('/proc/self'))
      for (const place of ['/proc/x', '/proc/x/y/z'])
        await expect(ensureDirectory(place)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', kind: 'failure' })
    expect(readdirSync(folder).sort()).toEqual(['file', 'taken'])
  })

  test.skipIf(process.platform === 'win32')('a file size limit met halfway says how far it came', () => {
    const folder = fresh('limit')
    writeFileSync(join(folder, 'file'), 'old')
    const code = `
      import { writeBytes } from './src/base/atomic.ts'
      await writeBytes(process.env.TARGET, new Uint8Array(100_000)).catch((error) => console.log(error.code, error.message))`
    const script = 'ulimit -f 50; exec "$0" --import tsx --input-type=module -e "$1"'
    const output = execFileSync('bash', ['-c', script, process.execPath, code], {
      cwd: join(import.meta.dirname, '../..'),
      env: { ...process.env, TARGET: join(folder, 'file'), TSX_DISABLE_CACHE: '1' },
      encoding: 'utf8',
    })
    expect(output).toMatch(/^FILE_TOO_LARGE .*file: could not write: .*\(EFBIG\) after 51200 of 100000 bytes/)
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('old')
    expect(readdirSync(folder)).toEqual(['file'])
  })

  test('debris under the id that this process has too goes, what is being written stays', async () => {
    const folder = fresh('same-id')
    for (let i = 0; i < 40; i++) writeFileSync(join(folder, `.file.tmp-${process.pid}-${i}`), 'old')
    await writeFile(join(folder, 'file'), async (sink) => {
      await sink.write(Uint8Array.of(110, 101))
      await removeDebris(folder)
      expect(readdirSync(folder).length).toBe(1)
      await sink.write(Uint8Array.of(119))
    })
    expect(readdirSync(folder)).toEqual(['file'])
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('new')
  })

  test('kill -9 at any time leaves a whole file, and the next write removes the debris', async () => {
    const folder = fresh('kill')
    const file = join(folder, 'file')
    const size = 4_000_000
    for (const delay of [0, 3, 7, 12, 20]) {
      const child = await start(`
        import { writeBytes } from './src/base/atomic.ts'
        for (let i = 1; ; i++) {
          await writeBytes(${JSON.stringify(file)}, new Uint8Array(${size}).fill(i))
          if (i === 1) console.log('going')
        }`)
      await new Promise((resolve) => setTimeout(resolve, delay))
      await killed(child)
      const bytes = readFileSync(file)
      expect(bytes.length).toBe(size)
      expect(bytes.every((byte) => byte === bytes[0])).toBe(true)
    }
    await writeText(file, 'last')
    expect(readdirSync(folder)).toEqual(['file'])
  })
})

describe('a log of lines', () => {
  test('appends records, and drops what a killed process left of one', () => {
    const file = join(fresh('log'), 'metrics.jsonl')
    const log = openLineLog(file)
    log.append({ step: 1 })
    log.append({ step: 2 })
    log.close()
    writeFileSync(file, `{"step":3,"text":"${'x'.repeat(200_000)}`, { flag: 'a' })
    const again = openLineLog(file)
    again.append({ step: 3 })
    again.close()
    expect(readFileSync(file, 'utf8')).toBe('{"step":1}\n{"step":2}\n{"step":3}\n')
  })

  test('is cut to a length that was noted, or to the records that are wanted', async () => {
    const file = join(fresh('cut'), 'metrics.jsonl')
    const log = openLineLog(file)
    for (const step of [1, 2, 3, 4]) log.append({ step })
    expect(log.bytes).toBe(44)
    await log.sync()
    log.close()
    const upTo3 = openLineLog(file, { records: (record) => (record as { step: number }).step <= 3 })
    expect(upTo3.bytes).toBe(33)
    upTo3.close()
    const upTo2 = openLineLog(file, { bytes: 22 })
    upTo2.append({ step: 9 })
    upTo2.close()
    expect(readFileSync(file, 'utf8')).toBe('{"step":1}\n{"step":2}\n{"step":9}\n')
    for (const bytes of [44, 20]) {
      expect(() => openLineLog(file, { bytes })).toThrow(expect.objectContaining({ code: 'LOG_DAMAGED', kind: 'file' }))
      expect(readFileSync(file, 'utf8').length, 'and left as it is').toBe(33)
    }
    openLineLog(file, { bytes: 0 }).close()
    expect(readFileSync(file, 'utf8')).toBe('')
  })

  test('a file with nothing but part of a line becomes empty', () => {
    const file = join(fresh('part'), 'metrics.jsonl')
    writeFileSync(file, '{"st')
    openLineLog(file).close()
    expect(readFileSync(file, 'utf8')).toBe('')
  })

  test('a missing folder is an error with the path', () => {
    expect(() => openLineLog(join(directory, 'none', 'metrics.jsonl'))).toThrow(
      /metrics.jsonl: could not write: no such/,
    )
  })
})

describe('the lock of a directory', () => {
  test('is refused while held and free after release', () => {
    const folder = fresh('lock')
    const lock = lockDirectory(folder)
    expect(() => lockDirectory(folder)).toThrow(
      expect.objectContaining({
        code: 'DIRECTORY_IN_USE',
        kind: 'conflict',
        message: expect.stringContaining(`process ${process.pid} `),
      }),
    )
    lock.release()
    expect(readdirSync(folder)).toEqual([])
    lockDirectory(folder).release()
  })

  test('what processes killed on their way to the lock have left is removed', () => {
    const folder = fresh('debris')
    for (const name of ['999999999', '999999999.stale', `${process.pid}.stale`])
      writeFileSync(join(folder, `.pellucid.lock.${name}`), '')
    writeFileSync(join(folder, `.pellucid.lock.${process.ppid}`), '')
    const lock = lockDirectory(folder)
    expect(readdirSync(folder).sort()).toEqual(['.pellucid.lock', `.pellucid.lock.${process.ppid}`])
    lock.release()
  })

  test('names the process that holds it, and is taken over after kill -9', async () => {
    const folder = fresh('stale')
    const child = await start(`
      import { lockDirectory } from './src/base/lock.ts'
      lockDirectory(${JSON.stringify(folder)})
      console.log('held')
      setInterval(() => {}, 1000)`)
    expect(() => lockDirectory(folder)).toThrow(`process ${child.pid} `)
    await killed(child)
    const lock = lockDirectory(folder)
    expect(JSON.parse(readFileSync(join(folder, '.pellucid.lock'), 'utf8')).pid).toBe(process.pid)
    lock.release()
    expect(readdirSync(folder)).toEqual([])
  })

  test.skipIf(process.platform !== 'linux')('an id that now belongs to another process does not keep it', () => {
    const folder = fresh('reused')
    const lock = lockDirectory(folder)
    const file = join(folder, '.pellucid.lock')
    const owner = JSON.parse(readFileSync(file, 'utf8'))
    lock.release()
    writeFileSync(file, JSON.stringify({ ...owner, started: 'boot:1' }))
    lockDirectory(folder).release()
    writeFileSync(file, JSON.stringify({ ...owner, host: 'another', started: 'boot:1' }))
    expect(() => lockDirectory(folder)).toThrow('on another')
  })

  test('only one of several processes gets a stale lock', async () => {
    const folder = fresh('race')
    writeFileSync(join(folder, '.pellucid.lock'), JSON.stringify({ pid: 999_999_999, host: hostname(), started: '' }))
    const code = `
      import { lockDirectory } from './src/base/lock.ts'
      try { lockDirectory(${JSON.stringify(folder)}); console.log('held') } catch (error) { console.log(error.code) }
      setInterval(() => {}, 1000)`
    const children = await Promise.all([start(code), start(code), start(code)])
    for (const child of children) await killed(child)
    expect(children.map(({ firstLine }) => firstLine).sort()).toEqual(['DIRECTORY_IN_USE', 'DIRECTORY_IN_USE', 'held'])
  })

  test('a missing directory is an error with its path', () => {
    expect(() => lockDirectory(join(directory, 'none'))).toThrow(/none: could not write: no such file or directory/)
  })
})
