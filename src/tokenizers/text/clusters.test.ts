/** Clusters of long texts: those that the segmenter finds in all of the text at once, in time linear in its length. */
import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../base/random.ts'
import { clusterEnds } from './clusters.ts'
import { IntegerList } from './integer-list.ts'

const endsOf = (text: string, from = 0, to = text.length) => {
  const ends = new IntegerList()
  clusterEnds(text, from, to, ends)
  return [...ends.view()]
}

describe('grapheme clusters', () => {
  const pieces = [
    ...'ab 中\r\n\u0301\u200d\u200c\u0600\u1100\u1161\u11a8가क\u094dष😀👩🏽❤\ufe0f🇩🇪',
    '\r\n',
    '\u0301'.repeat(300),
  ]
  const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

  it('do not depend on the windows that they are found in', () => {
    const random = new RandomStream({ seed: 1, purpose: 'test' })
    const draw = () => pieces[Math.floor(random.uniform() * pieces.length)]!
    for (let i = 0; i < 40; i++) {
      const text = Array.from({ length: 400 }, draw).join('')
      const expected = [...segmenter.segment(text)].map(({ index, segment }) => index + segment.length)
      expect(endsOf(text)).toEqual(expected)
      expect(endsOf(`a${text}\u0301`, 1, text.length + 1)).toEqual(expected.map((end) => end + 1))
    }
  })

  it.each(['a\u0301', '\u0301', '🇩', '\u0600ﬁ', '👩\u200d'])('of %j over and over take linear time', (piece) => {
    const start = performance.now()
    const text = piece.repeat(300_000 / piece.length)
    expect(endsOf(text).at(-1)).toBe(text.length)
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})
