/** What the drawings of an inspection look like: within the terminal's width, with nothing in them that a terminal would obey. */
import { describe, expect, test } from 'vitest'
import type { AttentionMap, LogitLens, ResidualNorms, SurpriseReport } from '../inspection/index.ts'
import { drawAttention } from './attention-view.ts'
import { drawCaptured } from './capture-view.ts'
import { painter } from './color.ts'
import { displayWidth, fitted } from './layout.ts'
import { drawLens, lensPositions } from './lens-view.ts'
import { drawNorms } from './norms-view.ts'
import { drawSurprises, drawTokens } from './surprise-view.ts'
import { compact, inQuotes, percent, visible } from './token-text.ts'

/** Texts that would break a table: wide, combining, empty, controlling, turning, long. */
const awkward = [
  'The',
  ' 猫',
  '\n',
  '\t\r',
  '\x1b[31m',
  '\u202eabc',
  'é',
  '',
  '🐑',
  ' '.repeat(3),
  'x'.repeat(90),
  '\ufffd',
]
const texts = (count: number) => Array.from({ length: count }, (_, i) => awkward[i % awkward.length]!)

// biome-ignore lint/suspicious/noControlCharactersInRegex: colors begin with one
const colors = /\x1b\[[\d;]*m/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const obeyed = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/

const attention = (count: number): AttentionMap => ({
  layer: 1,
  head: 2,
  weights: {
    dtype: 'float32',
    shape: [count, count],
    data: Float32Array.from({ length: count * count }, (_, i) => {
      const [query, key] = [Math.floor(i / count), i % count]
      return key > query ? 0 : 1 / (query + 1)
    }),
  },
})
const candidate = (text: string, probability: number) => ({ id: text.length, text, probability })
const report = (count: number): SurpriseReport => ({
  tokens: texts(count).map((text, i) =>
    i === 0
      ? { id: i, text }
      : {
          id: i,
          text,
          probability: 2 ** -i,
          bits: i,
          rank: i,
          alternatives: awkward.map((each) => candidate(each, 0.1)),
        },
  ),
  next: awkward.map((text, i) => candidate(text, i === 0 ? 1 : 0)),
  perplexity: 12,
})
const lens = (count: number): LogitLens => ({
  positions: Array.from({ length: count }, (_, i) => i),
  layers: [-1, 0, 1].map((layer) => ({ layer, candidates: texts(count).map((text) => [candidate(text, 0.4)]) })),
  settled: Array.from({ length: count }, (_, i) => (i % 3) - 1),
})
const norms = (count: number): ResidualNorms => ({
  start: Array(count).fill(3),
  layers: [1, 2].map((i) => ({
    adds: { attention: Array(count).fill(i), mlp: Array(count).fill(0) },
    end: Array(count).fill(9000 * i),
  })),
})
const captured = {
  'transformer.h.0.attn.weights': { dtype: 'float32', shape: [1, 2, 2], data: Float32Array.of(1, 0, 0.5, 0.5) },
  [`transformer.${'x'.repeat(60)}`]: { dtype: 'float32', shape: [2], data: Float32Array.of(Number.NaN, 1) },
} as const

const views: Record<string, (count: number, color: boolean, columns: number) => string> = {
  attention: (count, color, columns) => drawAttention(attention(count), texts(count), painter(color), color, columns),
  surprises: (count, color, columns) => drawSurprises(report(count), painter(color), color, columns),
  tokens: (count, color, columns) => drawTokens(report(count), painter(color), color, columns),
  lens: (count, color, columns) =>
    drawLens(lens(Math.min(count, lensPositions(columns))), texts(count), painter(color), color, columns),
  norms: (count, color, columns) => drawNorms(norms(count), painter(color), columns),
  captured: (_, color, columns) => drawCaptured(captured, painter(color), columns),
}

describe.each(Object.keys(views))('%s', (name) => {
  for (const columns of [80, 120])
    for (const count of [1, 2, 12, 30, 200])
      test(`${count} tokens in ${columns} columns`, () => {
        const plain = views[name]!(count, false, columns)
        for (const line of plain.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(columns)
        expect(plain).not.toMatch(obeyed)
        const colored = views[name]!(count, true, columns)
        for (const line of colored.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(columns)
        expect(colored.replace(colors, '')).not.toMatch(obeyed)
      })
})

test('an attention map without color: shades, a key for each column, what is later left blank', () => {
  const [title, , , , , row0, row1, row2] = drawAttention(
    attention(3),
    ['The', ' cat', ' sat'],
    painter(false),
    false,
    80,
  ).split('\n')
  expect(title).toContain('layer 1, head 2')
  expect(row0).toMatch(/^ {2}0 The {9}██ {7}100 % "The"$/)
  expect(row1).toMatch(/^ {2}1 ·cat {8}▓▓▓▓ {4}50\.0 % "The"$/)
  expect(row2).toMatch(/^ {2}2 ·sat {8}▒▒▒▒▒▒ {2}33\.3 % "The"$/)
})

test('of a long text the last tokens are mapped, and what is before them as one column', () => {
  const lines = drawAttention(attention(200), texts(200), painter(false), false, 80).split('\n')
  expect(lines[1]).toMatch(/tokens 170 to 199 of 200; « is all before them/)
  expect(lines.find((line) => /^199 /.test(line))).toMatch(/^199 .{12}█/)
})

test('a lens marks the layer from which the answer stays', () => {
  const at = (row: number) => drawLens(lens(3), ['a', 'b', 'c'], painter(false), false, 80).split('\n')[row]!
  expect([...at(2)].filter((c) => c === '◆')).toHaveLength(1)
  expect([...at(4)].filter((c) => c === '◆')).toHaveLength(1)
  expect([...at(4)].filter((c) => c === '│')).toHaveLength(2)
})

test('texts of tokens', () => {
  expect(visible('a\r\nb\tc\rd\x1b\x7f')).toBe('a⏎b⇥c␍d␛␡')
  expect(visible('\u0085\u202e')).toBe('\\u0085\\u202e')
  expect(inQuotes(' "')).toBe('" ""')
  expect(compact('  a b')).toBe('··a b')
  expect(percent(0.4231)).toBe('42.3 %')
  expect(percent(0.99999)).toBe(' 100 %')
  expect(fitted('猫猫猫', 4)).toBe('猫… ')
  expect(fitted('ab', 4, 'right')).toBe('  ab')
})
