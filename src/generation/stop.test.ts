import fc from 'fast-check'
import { expect, it } from 'vitest'
import { stopFilter } from './stop.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '😀', '😁'), maxLength: 24 })
const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '😀', '😁'), minLength: 1, maxLength: 4 }), {
  maxLength: 3,
})

it('lets through what comes before the first stop string, however the text arrives, and never a part of one', () => {
  fc.assert(
    fc.property(
      text,
      stops,
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 30, maxLength: 30 }),
      (whole, list, lengths) => {
        const filter = stopFilter(list)
        const characters = [...whole]
        let shown = ''
        let arrived = ''
        for (const length of lengths) {
          if (filter.stopped) break
          const piece = characters.splice(0, length).join('')
          arrived += piece
          shown += filter.push(piece)
          // What is shown stays right if a stop string is completed by what comes next.
          for (const stop of list)
            for (let cut = 1; cut < stop.length; cut++)
              if (!filter.stopped && arrived.endsWith(stop.slice(0, cut)))
                expect(shown.length).toBeLessThanOrEqual(arrived.length - cut)
        }
        if (!filter.stopped) shown += filter.flush()
        const ends = list.map((stop) => arrived.indexOf(stop)).filter((at) => at >= 0)
        expect(filter.stopped).toBe(ends.length > 0)
        expect(shown).toBe(ends.length ? arrived.slice(0, Math.min(...ends)) : arrived)
      },
    ),
  )
})
