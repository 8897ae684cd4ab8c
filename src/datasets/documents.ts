/** Where one document of a text ends: there a model learns to stop, and to begin. */

export const documentEnds = {
  /** Every line is a document. */
  lines: { after: /(?<=\n)/, ending: '\n' },
  /** A blank line ends a document. */
  paragraphs: { after: /(?<=\n\n)(?!\n)/, ending: '\n\n' },
} as const

export type DocumentEnd = keyof typeof documentEnds

/** The ids of a piece of text, each finished document followed by the end token. */
export function encodeDocuments(
  piece: string,
  end: DocumentEnd,
  endToken: number,
  encode: (text: string) => readonly number[],
): number[] {
  const { after, ending } = documentEnds[end]
  return piece
    .split(after)
    .flatMap((document) => (document.endsWith(ending) ? [...encode(document), endToken] : encode(document)))
}
