/** Rewriting a text as it comes, holding back what later text may change. */

/** One text, part by part, → another; `flush` ends the text and makes the stream ready for the next. */
export type TextStream = { push(part: string): string; flush(): string }

/** Each stream feeds the next. */
export const chained = (streams: readonly TextStream[]): TextStream => ({
  push: (part) => streams.reduce((text, stream) => (text === '' ? '' : stream.push(text)), part),
  flush: () => streams.reduce((text, stream) => (text === '' ? '' : stream.push(text)) + stream.flush(), ''),
})

/** Leaves the text as it is. */
export const unchanged: TextStream = { push: (part) => part, flush: () => '' }

/** How many units at the end of a text could be the beginning of `word`, but not all of it. */
export function unfinished(text: string, word: string): number {
  for (let length = Math.min(word.length - 1, text.length); length > 0; length--)
    if (text.endsWith(word.slice(0, length))) return length
  return 0
}

/** Every occurrence of a word replaced, from left to right. The empty word stands before every character and at the end. */
export function replacing(word: string, replacement: string): TextStream {
  let held = ''
  if (word === '')
    return {
      push: (part) => part.replace(/./gsu, (character) => replacement + character),
      flush: () => replacement,
    }
  return {
    push(part) {
      const text = held + part
      let out = ''
      let done = 0
      for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, done)) {
        out += text.slice(done, at) + replacement
        done = at + word.length
      }
      const rest = done === 0 ? text : text.slice(done)
      const kept = rest.length - unfinished(rest, word)
      held = rest.slice(kept)
      return out + rest.slice(0, kept)
    },
    flush() {
      const rest = held
      held = ''
      return rest
    },
  }
}

/** A whole text through a stream. */
export const through = (stream: TextStream, text: string): string => stream.push(text) + stream.flush()

/** Spaces that English does not write, before punctuation and short forms, taken out one kind after the other. */
export const cleaningUp = (): TextStream =>
  chained(
    [
      [' .', '.'],
      [' ?', '?'],
      [' !', '!'],
      [' ,', ','],
      [" ' ", "'"],
      [" n't", "n't"],
      [" 'm", "'m"],
      [' do not', " don't"],
      [" 's", "'s"],
      [" 've", "'ve"],
      [" 're", "'re"],
    ].map(([word, replacement]) => replacing(word!, replacement!)),
  )
