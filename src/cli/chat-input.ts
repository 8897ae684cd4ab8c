/** What a person says, put together from lines: a text may go on over several of them. */

const fence = '```'

/** Next line, or undefined at the end. `more` says whether it goes on with what came before. */
export type NextLine = (more: boolean) => Promise<string | undefined>

/**
 * A whole message: a line; lines that end in a backslash, with the next one; or all lines between two of ```. Undefined at the end of
 * the input, where what was begun counts.
 */
export async function readMessage(next: NextLine): Promise<string | undefined> {
  const first = await next(false)
  if (first === undefined) return undefined
  const lines: string[] = []
  if (first.trim() === fence) {
    for (let line = await next(true); line !== undefined && line.trim() !== fence; line = await next(true))
      lines.push(line)
    return lines.join('\n')
  }
  for (let line: string | undefined = first; line !== undefined; line = await next(true)) {
    if (!line.endsWith('\\')) return [...lines, line].join('\n')
    lines.push(line.slice(0, -1))
  }
  return lines.join('\n')
}

/** Lines of what comes in pieces of bytes; a last one without its line break counts too. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!
    for (const line of lines) yield line.replace(/\r$/, '')
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}
