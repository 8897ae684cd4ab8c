/** What a pattern finds in texts, asked of the page and of the test itself. */
import { scannerOf } from '../../src/tokenizers/patterns/index.ts'
import { IntegerList } from '../../src/tokenizers/text/integer-list.ts'

/** The bounds of all matches in each text, in UTF-16 code units; or why the pattern is refused. */
export function found(pattern: string, texts: readonly string[]): number[][] | string {
  const giveUp = () => {
    throw new Error(`${pattern} takes too long`)
  }
  try {
    const scan = scannerOf(pattern, giveUp)
    return texts.map((text) => {
      const bounds = new IntegerList()
      scan(text, 0, text.length, bounds)
      return [...bounds.view()]
    })
  } catch (error) {
    return (error as Error).message
  }
}
