/** The built-in world as a source of data: reproducible, varied, fast, and true to its own ground truth. */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkSentence,
  mentions,
  questions,
  type Sentence,
  splitSentences,
  stories,
  story,
  toneOf,
  worldText,
} from './index.ts'
import { storyPlans } from './stories.ts'
import { templateSources } from './templates.ts'

const sample = Array.from({ length: 3000 }, (_, index) => story(11, index))
const sentences = sample.flatMap((s) => s.sentences)

describe('the text', () => {
  it('is the same, byte by byte, for a seed on every platform', () => {
    const text = worldText({ seed: 1, bytes: 100_000 })
    expect(createHash('sha256').update(text).digest('hex')).toMatchInlineSnapshot(
      `"7d966f94b3b40bb76862289521005f3ed4d3073e6091a0b71381525fa8752708"`,
    )
    expect(worldText({ seed: 2, bytes: 1000 })).not.toBe(text.slice(0, 1000))
  })

  it('is whole stories of plain ASCII, and a longer text starts with the shorter', () => {
    const short = worldText({ seed: 3, bytes: 20_000 })
    expect(short.length).toBeGreaterThanOrEqual(20_000)
    expect(short.length).toBeLessThan(21_000)
    expect(short).toMatch(/^[\x20-\x7e\n]+\n$/)
    expect(worldText({ seed: 3, bytes: 50_000 }).startsWith(short)).toBe(true)
  })

  it('comes lazily, from any story on', () => {
    expect(stories({ seed: 5, first: 1_000_000_000 }).next().value).toEqual(story(5, 1_000_000_000))
  })

  it('takes less than 2 s of processor time for 3 MB', () => {
    const start = process.cpuUsage()
    worldText({ seed: 4, bytes: 3_000_000 })
    const { user, system } = process.cpuUsage(start)
    expect((user + system) / 1e6).toBeLessThan(2)
  })

  it('splits into the sentences that it was made of', () => {
    const text = sample.map((s) => s.text).join('\n')
    expect(splitSentences(`${text}\n`)).toEqual(sentences.map((s) => s.text))
  })

  it('uses every template and every story plan', () => {
    expect(new Set(sentences.map((s) => s.template))).toEqual(new Set(Object.keys(templateSources)))
    expect(new Set(sample.map((s) => s.plan))).toEqual(new Set(Object.keys(storyPlans)))
  })

  it('is mostly new: of fresh sentences at least 70 % do not occur in 3 MB of another seed', () => {
    const known = new Set(splitSentences(worldText({ seed: 12, bytes: 3_000_000 })))
    const novel = sentences.filter((s) => !known.has(s.text)).length
    expect(novel / sentences.length).toBeGreaterThan(0.7)
  })
})

describe('the ground truth', () => {
  it('is what the checker reads from the text: the grammar has one reading for a sentence', () => {
    const misread = sentences.filter((s) => !isDeepStrictEqual(checkSentence(s.text), { ok: true, ...s }))
    expect(misread).toEqual([])
  })

  it('names the stretch of every mention', () => {
    const { template, words } = checkSentence('Mia took her red kite to the park because she was happy.') as Sentence
    const sentence: Sentence = {
      template,
      words,
      kind: 'feeling',
      text: 'Mia took her red kite to the park because she was happy.',
    }
    const found = mentions(sentence).map((m) => [sentence.text.slice(m.start, m.end), m.label, m.variable, m.form])
    expect(found).toEqual([
      ['Mia', 'PERSON', 'p', 'text'],
      ['her', 'PERSON', 'p', 'their'],
      ['red', 'COLOR', 'c', 'text'],
      ['kite', 'OBJECT', 't', 'text'],
      ['park', 'PLACE', 'l', 'text'],
      ['she', 'PERSON', 'p', 'they'],
      ['happy', 'FEELING', 'f', 'text'],
    ])
    expect(toneOf(sentence)).toBe('positive')
  })

  it('gives for every mention the form of its word', () => {
    const wrong = sentences.flatMap((sentence) =>
      mentions(sentence).filter(({ start, end, variable, form }) => {
        const text = sentence.text.slice(start, end)
        const word = sentence.words[variable]?.[form] ?? sumOf(sentence, variable)
        return text !== word && text[0]!.toLowerCase() + text.slice(1) !== word
      }),
    )
    expect(wrong).toEqual([])
  })

  it('answers every question in the words of the sentence', () => {
    const asked = sentences.flatMap((s) => questions(s).map((q) => ({ ...q, text: s.text })))
    expect(asked.length).toBeGreaterThan(sentences.length)
    const wrong = asked.filter(
      ({ question, answer, start, text }) =>
        !/^[A-Z][^{}]+\?$/.test(question) || answer === '' || text.slice(start, start + answer.length) !== answer,
    )
    expect(wrong).toEqual([])
  })

  it('knows the answer where the same word stands twice', () => {
    const check = checkSentence('Four minus two is two.') as Sentence
    expect(questions(check)).toEqual([{ question: 'What is four minus two?', answer: 'two', start: 18 }])
  })

  it('keeps to one cast in a story and sums it up', () => {
    for (const { sentences, summary } of sample.filter((s) => s.plan === 'lostToy')) {
      const cast = sentences.map(({ words: { p, q, c, t, l } }) => ({ p, q, c, t, l }))
      const { p, q, c, t, l } = Object.assign({}, ...cast.map(defined))
      for (const words of cast) expect({ p, q, c, t, l }).toMatchObject(defined(words))
      expect(summary).toBe(`${p.text} lost ${p.their} ${c.text} ${t.text} in the ${l.text}, and ${q.text} found it.`)
    }
  })

  it('depends on seed and index alone', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, index) => {
        const before = story(seed, index)
        story(seed + 1, index)
        expect(story(seed, index)).toEqual(before)
      }),
      { numRuns: 50 },
    )
  })
})

const defined = (words: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(words).filter(([, word]) => word !== undefined))

/** The number word that a mention of `a+b` or `a-b` stands for. */
function sumOf({ words }: Sentence, sum: string): string {
  const [, a, sign, b] = sum.match(/^(\w)([+-])(\w)$/)!
  const value = Number(words[a!]!.value) + (sign === '+' ? 1 : -1) * Number(words[b!]!.value)
  return 'zero one two three four five six seven eight nine ten'.split(' ')[value]!
}
