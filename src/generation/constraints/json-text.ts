/** The pieces of JSON texts as expressions: white space, strings of any content or of a given one, numbers. */
import { anyPoint, codePoints, complement, pointsOf } from './code-points.ts'
import {
  choice,
  type Edge,
  type Expression,
  literal,
  type MachineState,
  never,
  optional,
  repeat,
  sequence,
  set,
} from './grammar.ts'
import { regexExpression } from './regex.ts'

/** Any character of a text. */
export const anyCharacter = set(anyPoint)

/** Between the parts of arrays and objects: nothing, a space, or a new line with an indentation. */
export const space = optional(choice(literal(' '), sequence(literal('\n'), repeat(set(pointsOf(' \t')), 0, 20))))

/** See `spelledCharacter`; made when it is needed, because reading classes of characters takes its time. */
let spelled: Expression | undefined

/** A character of a string in any spelling: as it is or escaped, above U+FFFF as two escapes. */
const spelledCharacter = (): Expression =>
  (spelled ??= choice(
    set(complement(codePoints([[0, 0x1f], ...pointsOf('"\\')]))),
    regexExpression(
      String.raw`\\(?:["\\/bfnrt]|u(?:[0-9a-ce-fA-CE-F][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))`,
    ),
  ))

const quote = literal('"')

/** Strings of any content, of so many characters. */
export const anyString = (min = 0, max = Number.POSITIVE_INFINITY): Expression =>
  sequence(quote, repeat(spelledCharacter(), min, max), quote)

/** The strings whose content a machine accepts, each in the spelling that JSON.stringify gives it. */
export function stringOf(content: Expression): Expression {
  if (content === never) return never
  if (content.kind !== 'machine') throw new TypeError('expected a machine')
  const known = new Map<MachineState, MachineState>()
  const pending: MachineState[] = []
  const place = (state: MachineState): MachineState => {
    let spelled = known.get(state)
    if (!spelled) {
      known.set(state, (spelled = { accepting: state.accepting, edges: [] }))
      pending.push(state)
    }
    return spelled
  }
  const start = place(content.start)
  for (let state = pending.pop(); state; state = pending.pop()) {
    const escapes: { text: string; to: MachineState }[] = []
    const edges: Edge[] = []
    for (const edge of state.edges) {
      const to = place(edge.to)
      let low = edge.low
      for (let byte = edge.low; byte <= edge.high && byte <= 0x5c; byte++) {
        const spelling = JSON.stringify(String.fromCharCode(byte)).slice(1, -1)
        if (spelling.length === 1) continue
        if (low < byte) edges.push({ low, high: byte - 1, to })
        low = byte + 1
        escapes.push({ text: spelling, to })
      }
      if (low <= edge.high) edges.push({ low, high: edge.high, to })
    }
    known.get(state)!.edges = [...edges, ...branches(escapes)].sort((a, b) => a.low - b.low)
  }
  return sequence(quote, { kind: 'machine', start }, quote)
}

/** The ways that spell texts, by their first characters. */
function branches(texts: readonly { readonly text: string; readonly to: MachineState }[]): Edge[] {
  const byFirst = new Map<number, { text: string; to: MachineState }[]>()
  for (const { text, to } of texts) {
    if (text === '') continue
    const first = text.charCodeAt(0)
    byFirst.set(first, [...(byFirst.get(first) ?? []), { text: text.slice(1), to }])
  }
  return [...byFirst].map(([byte, rest]) => {
    const whole = rest.find(({ text }) => text === '')
    const edges = branches(rest).toSorted((a, b) => a.low - b.low)
    return { low: byte, high: byte, to: whole ? whole.to : { accepting: false, edges } }
  })
}
