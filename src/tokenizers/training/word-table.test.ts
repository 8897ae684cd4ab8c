/** Counting words where they stand in texts, within bounds. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WordTable } from './word-table.ts'

const add = (table: WordTable, word: string) => table.add(`(${word})`, 1, 1 + word.length)

describe('a table of words', () => {
  it('counts as a map does, in the order of first sight', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '語', '\ud83d', '\ude00'), maxLength: 6 })),
        (words) => {
          const table = new WordTable()
          const map = new Map<string, number>()
          for (const word of words) {
            add(table, word)
            map.set(word, (map.get(word) ?? 0) + 1)
          }
          expect([...table]).toEqual([...map])
          expect(table.size).toBe(map.size)
        },
      ),
    )
  })

  it('grows to many words, and holds long ones', () => {
    const table = new WordTable()
    for (let round = 0; round < 2; round++) for (let i = 0; i < 50_000; i++) add(table, `word ${i}`)
    const long = 'x'.repeat(100_000)
    add(table, long)
    const counts = new Map(table)
    expect(counts.size).toBe(50_001)
    expect([counts.get('word 0'), counts.get('word 49999'), counts.get(long)]).toEqual([2, 2, 1])
    expect(table.forgotten).toBe(0)
  })

  it.each([
    { words: 1000, units: 1e9 },
    { words: 1e9, units: 6000 },
  ])('keeps what is frequent within %j, and forgets the rarest', (bounds) => {
    const table = new WordTable(bounds)
    let units = 0
    for (let i = 0; i < 20_000; i++) {
      add(table, `once ${i}`)
      if (i % 10 === 0) add(table, `often ${(i / 10) % 20}`)
      if (i % 1000 === 0) {
        expect(table.size).toBeLessThanOrEqual(bounds.words)
        units = [...table].reduce((sum, [word]) => sum + word.length, 0)
        expect(units).toBeLessThanOrEqual(bounds.units)
      }
    }
    const counts = new Map(table)
    for (let i = 0; i < 20; i++) expect(counts.get(`often ${i}`)).toBe(100)
    expect(table.forgotten).toBe(20_020 - table.size)
  })

  it('forgets of equally rare words those that it saw first', () => {
    const table = new WordTable({ words: 4, units: 1000 })
    for (const word of ['a', 'b', 'c', 'd', 'e']) add(table, word)
    expect([...table]).toEqual([
      ['d', 1],
      ['e', 1],
    ])
  })
})
