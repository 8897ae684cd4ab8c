/** Passages of long texts: whole, independent of the chunks they come in, and cut between words. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Field } from '../field.ts'
import { cl100kPattern, o200kPattern } from '../patterns/published.ts'
import { gpt2Pattern, llama3Pattern } from '../patterns/scanners.ts'
import { readPreTokenizer } from '../pre-tokenizers/index.ts'
import { WordCounter } from './count-words.ts'
import { Passages, type Reading } from './passages.ts'

const shortest = 12

function passagesOf(chunks: Iterable<string>, reading: Reading = {}, length = shortest): string[] {
  const passages = new Passages(reading, length)
  return [...[...chunks].flatMap((chunk) => [...passages.push(chunk)]), ...passages.end()]
}

/** A text of words, numbers, marks and white space, and where it is cut into chunks. */
const texts = fc.tuple(
  fc
    .array(
      fc.constantFrom('the', 'Wörter', '12', "n't", ', ', ' ', ' ', ' ', '\n', '\n\n', '  ', '😀', '𝒳𝒴', '語', '\t'),
      {
        maxLength: 60,
      },
    )
    .map((parts) => parts.join('')),
  fc.array(fc.nat(200)),
)

const chunksOf = (text: string, cuts: readonly number[]): string[] => {
  const places = [0, ...cuts.filter((at) => at < text.length).sort((a, b) => a - b), text.length]
  return places.slice(1).map((to, i) => text.slice(places[i], to))
}

describe('passages', () => {
  it.each([{}, { lines: true }])(
    '%j: are the same whatever the chunks, together the text, and of bounded length',
    (reading) => {
      fc.assert(
        fc.property(texts, ([text, cuts]) => {
          const whole = passagesOf([text], reading)
          expect(passagesOf(chunksOf(text, cuts), reading)).toEqual(whole)
          expect(whole.join('')).toBe(text)
          for (const passage of whole) {
            expect(passage.length).toBeGreaterThan(0)
            expect(passage.length).toBeLessThanOrEqual(2 * shortest)
            expect(passage.isWellFormed()).toBe(true)
          }
        }),
        { numRuns: 2000 },
      )
    },
  )

  it('are lines with their ends where that is asked for', () => {
    expect(passagesOf(['a\nb', 'c\r\n\n', 'd'], { lines: true })).toEqual(['a\n', 'bc\r\n', '\n', 'd'])
  })

  it.each(Object.entries({ gpt2Pattern, llama3Pattern, cl100kPattern, o200kPattern }))(
    'cut at a border have the words of the whole text: %s',
    (_, pattern) => {
      const json = { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }
      const preTokenizer = readPreTokenizer(new Field('', json))
      const count = (passages: readonly string[]) => {
        const counter = new WordCounter({ preTokenizer })
        for (const passage of passages) counter.add(passage)
        const counting = counter.counts()
        let step = counting.next()
        while (!step.done) step = counting.next()
        return step.value
      }
      fc.assert(
        fc.property(texts, ([text]) => {
          // A border in every stretch of the length of a passage.
          const bordered = text.replace(/.{1,5}/gsu, '$& word.\nA ')
          expect(count(passagesOf([bordered], {}, 40))).toEqual(count([bordered]))
        }),
        { numRuns: 500 },
      )
    },
  )
})
