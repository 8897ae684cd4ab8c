/** Texts in pieces: nothing is lost, no character is cut, and tokens are those of the whole. */
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { RandomStream } from '../base/random.ts'
import { trainBytelevelBpe } from '../tokenizers/index.ts'
import { cutPoint, partSize, sampleParts, splitFiles, type TextPart, textPieces, wholeFile } from './text.ts'

const folder = mkdtempSync(join(tmpdir(), 'pellucid-text-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
function fileWith(content: string | Uint8Array): string {
  const name = join(folder, `${files++}.txt`)
  writeFileSync(name, content)
  return name
}
async function collect(parts: readonly TextPart[]): Promise<string[]> {
  const pieces: string[] = []
  for await (const piece of textPieces(parts)) pieces.push(piece)
  return pieces
}
const whole = (file: string, content: string): TextPart => ({ file, start: 0, end: Buffer.byteLength(content) })

/** Words, numbers, spaces, line breaks and signs in random order, with characters of one to four bytes. */
function babble(length: number, seed: number): string {
  const random = new RandomStream({ seed, purpose: 'test' })
  const items = [
    'the',
    ' cat',
    'é',
    '日本',
    '😀',
    ' ',
    '  ',
    '\n',
    '\n\n',
    '\r\n',
    '\t',
    "'s",
    '12',
    ' 7',
    '.',
    ',',
    'Zug',
    ' Ende',
  ]
  let text = ''
  while (text.length < length) text += random.pick(items)
  return text
}

describe('textPieces', () => {
  const text = babble(2_600_000, 1)
  test('a file comes out whole, in several pieces', async () => {
    const pieces = await collect([whole(fileWith(text), text)])
    expect(pieces.length).toBeGreaterThan(3)
    expect(pieces.join('') === text).toBe(true)
  })
  test('so does a text in memory, and parts come one after another', async () => {
    const pieces = await collect([{ text }, { text: '' }, { text: 'end' }])
    expect(pieces.length).toBeGreaterThan(3)
    expect(pieces.join('') === `${text}end`).toBe(true)
  })
  test('a long text without any border comes out whole', async () => {
    const line = '😀'.repeat(700_000)
    for (const part of [{ text: line }, whole(fileWith(line), line)]) {
      const pieces = await collect([part])
      expect(pieces.length).toBeGreaterThan(1)
      expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
      expect(pieces.join('') === line).toBe(true)
    }
  })
  test('bytes that are not UTF-8 are named by their place in the file, wherever a piece begins', async () => {
    for (const at of [0, 5, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 1_500_000]) {
      const bytes = Buffer.alloc(1_600_000, 'a')
      bytes[at] = 0xff
      await expect(collect([{ file: fileWith(bytes), start: 0, end: bytes.length }])).rejects.toThrow(
        `not UTF-8 at byte ${at} (0xff)`,
      )
    }
    const cut = Buffer.from('abc😀').subarray(0, 5)
    await expect(collect([{ file: fileWith(cut), start: 0, end: 5 }])).rejects.toThrow('not UTF-8 at byte 3 (0xf0)')
  })
})

describe('textPieces, lossy', () => {
  test('a character cut by the border of a piece is none of the bad bytes', async () => {
    for (const shift of [0, 1, 2, 3]) {
      const bytes = Buffer.concat([
        Buffer.alloc(shift, 'a'),
        Buffer.from('🐑'.repeat(400_000)),
        Buffer.of(0xff, 0xf0, 0x9f),
      ])
      const lossy = { count: 0 }
      const file = fileWith(bytes)
      let text = ''
      for await (const piece of textPieces([await wholeFile(file)], lossy)) text += piece
      expect(lossy.count).toBe(2)
      expect(text === bytes.toString('utf8')).toBe(true)
    }
  })
})

describe('a file that changes between two readings', () => {
  test.each<[string, (file: string) => void]>([
    ['grows', (file) => appendFileSync(file, 'more')],
    ['is cut', (file) => writeFileSync(file, 'a')],
    ['is replaced', (file) => renameSync(fileWith('abc'), file)],
  ])('%s', async (_, change) => {
    const file = fileWith('abc')
    const { train } = await splitFiles([file], 0)
    expect(await collect(train)).toEqual(['abc'])
    change(file)
    await expect(collect(train)).rejects.toMatchObject({ code: 'FILE_CHANGED', kind: 'file' })
  })
  test('even while it is read', async () => {
    const file = fileWith('word '.repeat(500_000))
    const pieces = textPieces([await wholeFile(file)])
    await pieces.next()
    appendFileSync(file, 'more')
    await expect(
      (async () => {
        for await (const _ of pieces);
      })(),
    ).rejects.toMatchObject({ code: 'FILE_CHANGED' })
  })
})

describe('cutPoint', () => {
  const tokenizer = trainBytelevelBpe([babble(20_000, 2)], { vocabSize: 400, specialTokens: [], named: {} })
  const ids = (text: string) => tokenizer.encode(text, { special: 'text', addSpecialTokens: false }).ids
  test('tokens of the pieces are the tokens of the whole', () => {
    let cuts = 0
    for (let seed = 10; seed < 300; seed++) {
      const text = babble(60, seed)
      const at = cutPoint(text)
      if (at < text.length) cuts++
      expect([...ids(text.slice(0, at)), ...ids(text.slice(at))], JSON.stringify(text)).toEqual([...ids(text)])
    }
    expect(cuts).toBeGreaterThan(200)
  })
  test('prefers the end of a line, never splits a pair of surrogates', () => {
    expect(cutPoint('one\ntwo three')).toBe(4)
    expect(cutPoint('one\n\ntwo three')).toBe(8)
    expect(cutPoint('onetwo')).toBe(6)
    expect(cutPoint('one\ud83d')).toBe(3)
  })
})

describe('splitFiles', () => {
  test.each([0, 0.1, 0.35, 0.5, 0.99])('the last %s of the bytes of all files', async (share) => {
    const texts = [babble(500, 3), '', babble(300, 4), 'é']
    const names = texts.map(fileWith)
    const { train, validation, bytes } = await splitFiles(names, share)
    expect(bytes).toBe(Buffer.byteLength(texts.join('')))
    const [first, second] = [(await collect(train)).join(''), (await collect(validation)).join('')]
    expect(first + second).toBe(texts.join(''))
    const ideal = Math.floor(bytes * (1 - share))
    expect(Buffer.byteLength(first) - ideal).toBeGreaterThanOrEqual(0)
    expect(Buffer.byteLength(first) - ideal).toBeLessThan(4)
  })
})

describe('sampleParts', () => {
  test('what fits is taken as it is', async () => {
    const parts = [{ text: 'abc' }]
    expect(await sampleParts(parts, 3)).toBe(parts)
  })
  test('else stretches from all over, of about the size asked for, between characters', async () => {
    const text = babble(3_000_000, 5)
    const file = whole(fileWith(text), text)
    for (const parts of [[file], [{ text }], [file, { text: text.slice(0, 500_000) }]]) {
      const total = parts.reduce((sum, part) => sum + partSize(part), 0)
      const sample = await sampleParts(parts, 2 ** 21)
      const size = sample.reduce((sum, part) => sum + partSize(part), 0)
      expect(Math.abs(size / 2 ** 21 - 1)).toBeLessThan(0.01)
      expect(size).toBeLessThan(total)
      expect(sample.length).toBeGreaterThanOrEqual(2)
      const pieces = await collect(sample)
      expect(pieces.every((piece) => text.includes(piece.slice(1, -1)))).toBe(true)
    }
  })
})
