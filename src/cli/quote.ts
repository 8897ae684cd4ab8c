/** What a user has written, inside a message: on one line, free of what a terminal would obey, and never long. */

/** Control characters, other line breaks, and marks that turn the direction of the text around them. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
const escaped = (character: string): string =>
  character === '\n' ? '\\n' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** At most `most` characters of a text, as one printable line. */
export function oneLine(text: string, most = 60): string {
  const start = text.length > most ? `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…` : text
  return start.replace(unprintable, escaped)
}

export const quoted = (text: string, most = 60): string => `'${oneLine(text, most)}'`

/** Arguments longer than this are shortened wherever a message repeats them. */
const mostOfArgument = 160
const mostOfLine = 500
const mostLines = 3

/** A message with the words of the command line in it made presentable: its own lines stay, theirs do not. */
export function presentable(message: string, argv: readonly string[]): string {
  const words = argv.flatMap((word) => (word.includes('=') ? [word.slice(word.indexOf('=') + 1), word] : [word]))
  let text = message
  for (const word of words) {
    const shown = oneLine(word, mostOfArgument)
    // A line break alone, as --stop may have, is not told from those of the message.
    if (shown !== word && word.trim() !== '') text = text.replaceAll(word, shown)
  }
  return text
    .split('\n')
    .slice(0, mostLines)
    .map((line) => oneLine(line, mostOfLine))
    .join('\n')
}
