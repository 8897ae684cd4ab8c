/** The checker of the built-in world: it accepts all that the world says and rejects what the world would not. */
import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../base/random.ts'
import { acceptance, checkSentence, splitSentences, stories, worldText } from './index.ts'

function sample(seed: number, count: number): string[] {
  const sentences: string[] = []
  for (const story of stories({ seed })) {
    sentences.push(...story.sentences.map((s) => s.text))
    if (sentences.length >= count) return sentences.slice(0, count)
  }
  return sentences
}

describe('checkSentence', () => {
  it('accepts each of 20,000 sentences of the world', () => {
    const rejected = sample(21, 20_000).filter((text) => !checkSentence(text).ok)
    expect(rejected).toEqual([])
  })

  it.each([
    ['the pronoun of another', 'Mia took his red kite to the park because she was happy.'],
    ['a pronoun that changes', 'Mia took her red kite to the park because he was happy.'],
    ['a wrong sum', 'Two plus three is six.'],
    ['a sum beyond the world', 'Nine plus nine is eighteen.'],
    ['a wrong difference', 'Tom had five kites and gave two to Mia, so he has four left.'],
    ['a wrong count', 'Tom counted the red balls: one, three, two.'],
    ['a wrong fact', 'The cow says woof.'],
    ['a feeling without its cause', 'Mia was happy because she lost her red kite.'],
    ['the wrong clothes', 'It was snowy in the park, so Tom wore his red sandals.'],
    ['one person in two places of a sentence', 'Mia showed Mia her big red kite.'],
    ['an unknown word', 'Mia has a big orange kite.'],
    ['a small letter', 'mia has a big red kite.'],
    ['an unfinished sentence', 'Mia has a big red kite'],
    ['two sentences', 'Mia has a big red kite. Tom has a big red kite.'],
    ['two spaces', 'Mia has  a big red kite.'],
    ['a quotation left open', '"I have a big red kite, said Mia.'],
    ['nothing', ''],
  ])('rejects %s', (_, text) => {
    expect(checkSentence(text)).toEqual({
      ok: false,
      reason: expect.stringMatching(/^after ".*" expected .+, found "/s),
    })
  })

  it('says where a sentence leaves the world', () => {
    expect(checkSentence('Mia took his red kite to the park because she was happy.')).toEqual({
      ok: false,
      reason: 'after "Mia took " expected "her", found "his red kite to the "',
    })
  })

  const numerals = 'one two three four five six seven eight nine ten'.split(' ')
  const opposite: Record<string, string> = { he: 'she', she: 'he', his: 'her', him: 'her', her: 'his' }
  const random = new RandomStream({ seed: 23, purpose: 'test' })
  const words = /\w+/g

  /** Each corruption gives the corrupted sentence, or the same one where it does not apply. */
  const corruptions: Record<string, (text: string) => string> = {
    'another pronoun': (text) => replaceOne(text, /\b(he|she|his|him|her)\b/g, (word) => opposite[word]!),
    'another result of a sum': (text) => {
      const kind = checkSentence(text)
      if (!kind.ok || kind.kind !== 'arithmetic') return text
      return replaceOne(text, new RegExp(`\\b(${numerals.join('|')})\\b`, 'g'), (word) =>
        random.pick(numerals.filter((other) => other !== word)),
      )
    },
    'two neighboring words swapped': (text) => {
      const found = [...text.matchAll(words)]
      const i = random.integer(found.length - 1)
      const [a, b] = [found[i]!, found[i + 1]!]
      const between = text.slice(a.index + a[0].length, b.index)
      return text.slice(0, a.index) + b[0] + between + a[0] + text.slice(b.index + b[0].length)
    },
    'the end cut off': (text) => text.slice(0, 1 + random.integer(text.length - 1)),
    'words left out at the end': (text) => {
      const found = [...text.matchAll(words)]
      return `${text.slice(0, found[1 + random.integer(found.length - 1)]!.index).trimEnd()}.`
    },
    'a word left out': (text) => replaceOne(text, / \w+/g, () => ''),
    'a letter changed': (text) => replaceOne(text, /[a-z]/g, (letter) => (letter === 'q' ? 'x' : 'q')),
  }

  function replaceOne(text: string, what: RegExp, by: (found: string) => string): string {
    const found = [...text.matchAll(what)]
    if (found.length === 0) return text
    const { index, 0: old } = random.pick(found)
    return text.slice(0, index) + by(old) + text.slice(index + old.length)
  }

  for (const [name, corrupt] of Object.entries(corruptions)) {
    it(`rejects at least 99 % of sentences with ${name}`, () => {
      const changed = sample(22, 5000)
        .map((text) => [text, corrupt(text)] as const)
        .filter(([before, after]) => before !== after)
      expect(changed.length).toBeGreaterThan(100)
      const accepted = changed.filter(([, after]) => checkSentence(after).ok)
      expect(accepted.length / changed.length, accepted.slice(0, 5).join('\n')).toBeLessThanOrEqual(0.01)
    })
  }
})

describe('splitSentences', () => {
  it('keeps a quotation and its speaker together', () => {
    const parts = [
      'Mia asked Tom, "Where is my ball?"',
      '"It is here," said Tom.',
      '"Are you sad?" asked Mia.',
      'Tom sang!',
    ]
    expect(splitSentences(`${parts.join(' ')}\n`)).toEqual(parts)
  })

  it('ends a sentence with its line, and leaves out what the text does not finish', () => {
    expect(splitSentences('Mia sang\n"Tom ran. He fell.\n\nBen has a')).toEqual(['Mia sang', '"Tom ran. He fell.'])
    expect(splitSentences('Mia sang.')).toEqual(['Mia sang.'])
    expect(splitSentences('')).toEqual([])
  })
})

describe('acceptance', () => {
  it('counts what belongs to the world and what is new', () => {
    const training = worldText({ seed: 24, bytes: 10_000 })
    const old = splitSentences(training)[0]!
    const text = `${old} Two plus two is five.\nTwo plus two is four. Tom`
    expect(acceptance(text, old)).toEqual({
      checked: 3,
      accepted: 2,
      novel: 2,
      rejected: [{ text: 'Two plus two is five.', reason: expect.any(String) }],
    })
    expect(acceptance([old], training)).toEqual({ checked: 1, accepted: 1, novel: 0, rejected: [] })
  })
})
