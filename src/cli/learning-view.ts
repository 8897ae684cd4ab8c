/** The pairs that a text teaches: each line with the letter it brought, then what the letters stand for. */
import type { LearningExample } from '../tokenizers/index.ts'
import { tint } from './color.ts'
import { displayWidth } from './layout.ts'
import { beside, dotted, type Noted, type Pen, times } from './pen.ts'

export function drawLearning({ text, steps, outOfLetters }: LearningExample, pen: Pen): string {
  const { color, columns, paint } = pen
  const turns = new Map(steps.map(({ letter }, i) => [letter, i]))
  const colored = (line: string): string => {
    if (!color) return dotted(line)
    const signs = Array.from(line, (sign) => {
      const turn = turns.get(sign)
      return turn === undefined ? dotted(sign) : tint(turn, sign, true)
    })
    return signs.join('')
  }
  const rows = steps.map(
    ({ letter, pair, count, text: line }): Noted => [
      dotted(line),
      colored(line),
      `${letter} = ${dotted(pair.join(''))}, found ${times(count)}`,
    ],
  )
  const table = steps.map(({ letter, pair, standsFor }) => {
    const parts = pair.join('')
    const whole = parts === standsFor ? '' : paint.dim(` = ${dotted(standsFor)}`)
    return `${colored(letter)} = ${dotted(parts)}${whole}`
  })
  const chain = [text, ...steps.map((step) => step.text)]
  const fits = displayWidth(chain.map(dotted).join(' → ')) < columns
  return [
    ...beside(
      [[dotted(text), colored(text), steps.length === 0 ? 'no pair occurs twice' : ''], ...rows],
      pen,
      columns - 30,
    ),
    ...(steps.length > 0 ? ['', ...table] : []),
    ...(steps.length > 0 && fits ? ['', chain.map(colored).join(paint.dim(' → '))] : []),
    ...(outOfLetters ? ['', paint.dim('There are no more letters that the text does not have.')] : []),
  ].join('\n')
}
