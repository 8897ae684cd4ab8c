import { expect, it } from 'vitest'
import { encodeDocuments } from './documents.ts'

const encode = (text: string) => [...text].map((c) => c.charCodeAt(0))
const written = (ids: number[]) => ids.map((id) => (id === 0 ? '#' : String.fromCharCode(id))).join('')

it.each([
  ['lines', 'a\nb\nc', 'a\n#b\n#c'],
  ['lines', 'a\n', 'a\n#'],
  ['lines', '\n\n', '\n#\n#'],
  ['paragraphs', 'a\nb\n\nc', 'a\nb\n\n#c'],
  ['paragraphs', 'a\n\n\n\nb\n\n', 'a\n\n\n\n#b\n\n#'],
  ['paragraphs', 'a\nb', 'a\nb'],
  ['paragraphs', '', ''],
] as const)('%s: %j becomes %j', (end, text, expected) => {
  expect(written(encodeDocuments(text, end, 0, encode))).toBe(expected)
})
