/** A strict JSON parser: RFC 8259, no duplicate keys, no lone surrogates, bounded nesting, and errors that name line and column. */

/** Why a text is not acceptable JSON. `line` and `column` count from 1, columns in UTF-16 code units. */
export class JsonError extends Error {
  readonly problem: 'syntax' | 'duplicate-key'
  readonly line: number
  readonly column: number
  constructor(problem: 'syntax' | 'duplicate-key', message: string, text: string, at: number) {
    super(message)
    this.name = 'JsonError'
    this.problem = problem
    const before = text.lastIndexOf('\n', at - 1)
    this.column = at - before
    let line = 1
    for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) line++
    this.line = line
  }
}

/** How deep arrays and objects may nest, so that hostile text cannot exhaust the stack. */
const maxDepth = 128

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const escapes: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

export type ParseOptions = {
  /** Turns the source text of a number into a value (default: a finite float64, else an error); can tell `2` from `2.0`. */
  number?: (source: string) => unknown
  /** Receives the members of the outermost object, which then stays empty: a long one need not be held as a whole. */
  member?: (key: string, value: unknown) => void
  /** The keys that lead to an object which is given as a `Map`: a table of many members costs several times as much as a plain object. */
  map?: readonly string[]
  /** Most items of an array; more are an error. */
  maxItems?: number
  /** Most members of an object, but for one whose members go to `member`; more are an error. */
  maxMembers?: number
}

/**
 * Text → value. Objects are plain ones; a key `__proto__` is an ordinary key of its own, as with `JSON.parse`. Throws JsonError.
 */
export function parseJson(text: string, options: ParseOptions = {}): unknown {
  const { number, member, map, maxItems = Number.POSITIVE_INFINITY, maxMembers = Number.POSITIVE_INFINITY } = options
  let at = 0

  const fail = (message: string, position = at): never => {
    throw new JsonError('syntax', message, text, position)
  }
  const found = () => (at < text.length ? show(String.fromCodePoint(text.codePointAt(at)!)) : 'the end')

  function skipSpace(): number {
    for (;;) {
      const c = text.charCodeAt(at)
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return c
      at++
    }
  }

  function parseString(): string {
    const start = ++at
    for (;;) {
      const c = text.charCodeAt(at)
      if (c === 0x22) return text.slice(start, at++)
      if (c === 0x5c) return parseEscaped(start)
      if (!(c >= 0x20)) return fail(`a text ends at ${found()} without its closing quote`)
      at++
    }
  }

  /** The rest of a string that holds a backslash, which is at `at`. */
  function parseEscaped(start: number): string {
    const pieces = [text.slice(start, at)]
    for (;;) {
      const c = text.charCodeAt(at)
      if (c === 0x22) {
        at++
        const whole = pieces.join('')
        if (/\p{Surrogate}/u.test(whole)) fail('a text holds half of a surrogate pair', start - 1)
        return whole
      }
      if (c === 0x5c) {
        const letter = text[at + 1] ?? ''
        const simple = escapes[letter]
        const hex = text.slice(at + 2, at + 6)
        if (simple !== undefined) {
          pieces.push(simple)
          at += 2
        } else if (letter === 'u' && /^[0-9a-fA-F]{4}$/.test(hex)) {
          pieces.push(String.fromCharCode(Number.parseInt(hex, 16)))
          at += 6
        } else fail(`unknown escape ${show(text.slice(at, at + 2))}`)
      } else {
        if (!(c >= 0x20)) fail(`a text ends at ${found()} without its closing quote`)
        const from = at
        for (let d = c; d >= 0x20 && d !== 0x22 && d !== 0x5c; ) d = text.charCodeAt(++at)
        pieces.push(text.slice(from, at))
      }
    }
  }

  function parseNumber(): unknown {
    numberPattern.lastIndex = at
    if (!numberPattern.test(text)) return fail(`expected a value, found ${found()}`)
    const start = at
    at = numberPattern.lastIndex
    const source = text.slice(start, at)
    if (number) return number(source)
    const value = Number(source)
    return Number.isFinite(value) ? value : fail(`the number ${clip(source)} is out of range`, start)
  }

  function parseWord(word: string, value: unknown): unknown {
    if (!text.startsWith(word, at)) return fail(`expected a value, found ${found()}`)
    at += word.length
    return value
  }

  /** `onPath`: the keys so far are the first of `map`. */
  function parseObject(depth: number, onPath: boolean): unknown {
    const object: Record<string, unknown> = {}
    const taken = member && depth === 1 ? new Set<string>() : undefined
    at++
    if (skipSpace() === 0x7d) {
      at++
      return object
    }
    for (let members = 0; ; members++) {
      if (members === maxMembers && !taken) fail(`an object of more than ${maxMembers} members`)
      if (skipSpace() !== 0x22) fail(`expected a key in quotes, found ${found()}`)
      const keyAt = at
      const key = parseString()
      if (taken ? taken.has(key) : Object.hasOwn(object, key))
        throw new JsonError('duplicate-key', `duplicate key ${show(key)}`, text, keyAt)
      if (skipSpace() !== 0x3a) fail(`expected ':' after the key ${show(key)}, found ${found()}`)
      at++
      const value = parseValue(depth, onPath && key === map![depth - 1])
      if (taken) {
        taken.add(key)
        member!(key, value)
      } else if (key === '__proto__')
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
      else object[key] = value
      const c = skipSpace()
      if (c !== 0x2c && c !== 0x7d) fail(`expected ',' or '}', found ${found()}`)
      at++
      if (c === 0x7d) return object
    }
  }

  function parseMap(depth: number): Map<string, unknown> {
    const members = new Map<string, unknown>()
    at++
    if (skipSpace() === 0x7d) {
      at++
      return members
    }
    for (;;) {
      if (members.size === maxMembers) fail(`an object of more than ${maxMembers} members`)
      if (skipSpace() !== 0x22) fail(`expected a key in quotes, found ${found()}`)
      const keyAt = at
      const key = parseString()
      if (skipSpace() !== 0x3a) fail(`expected ':' after the key ${show(key)}, found ${found()}`)
      at++
      const { size } = members
      members.set(key, parseValue(depth, false))
      if (members.size === size) throw new JsonError('duplicate-key', `duplicate key ${show(key)}`, text, keyAt)
      const c = skipSpace()
      if (c !== 0x2c && c !== 0x7d) fail(`expected ',' or '}', found ${found()}`)
      at++
      if (c === 0x7d) return members
    }
  }

  function parseArray(depth: number): unknown {
    at++
    if (skipSpace() === 0x5d) {
      at++
      return []
    }
    // A list that begins with an item has room for just that, where an empty one makes room for 17: most lists are short.
    if (maxItems === 0) fail('a list of more than 0 items')
    const items = [parseValue(depth, false)]
    for (;;) {
      const c = skipSpace()
      if (c !== 0x2c && c !== 0x5d) fail(`expected ',' or ']', found ${found()}`)
      at++
      if (c === 0x5d) return items
      if (items.length === maxItems) fail(`a list of more than ${maxItems} items`)
      items.push(parseValue(depth, false))
    }
  }

  function parseValue(depth: number, onPath: boolean): unknown {
    const c = skipSpace()
    if (depth === maxDepth && (c === 0x7b || c === 0x5b)) fail(`nested more than ${maxDepth} deep`)
    if (c === 0x7b) return onPath && depth === map!.length ? parseMap(depth + 1) : parseObject(depth + 1, onPath)
    if (c === 0x5b) return parseArray(depth + 1)
    if (c === 0x22) return parseString()
    if (c === 0x74) return parseWord('true', true)
    if (c === 0x66) return parseWord('false', false)
    if (c === 0x6e) return parseWord('null', null)
    return parseNumber()
  }

  if (text.charCodeAt(0) === 0xfeff) fail('starts with a byte order mark; save it as UTF-8 without one')
  const value = parseValue(0, map !== undefined)
  if (!Number.isNaN(skipSpace())) fail(`expected the end, found ${found()}`)
  return value
}

const clip = (text: string) => (text.length > 60 ? `${text.slice(0, 57).replace(/[\ud800-\udbff]$/, '')}…` : text)

/** What a terminal would obey, or what reverses the direction of the text around it. JSON escapes only the first 32. */
const unprintable = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
const escaped = (c: string) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`

/** The beginning of a value, enough for 60 characters of JSON: a hostile one may hold millions of items. */
function beginning(value: unknown): unknown {
  if (typeof value === 'string') return clip(value)
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.slice(0, 60).map(beginning)
  if (value instanceof Map) return beginning(Object.fromEntries([...value].slice(0, 20)))
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
  const first: [string, unknown][] = []
  for (const key in value) {
    if (first.length === 20) break
    first.push([clip(key), beginning((value as Record<string, unknown>)[key])])
  }
  return Object.fromEntries(first)
}

/** A value as short JSON for an error message: one printable line, at most 60 characters. */
export function show(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  // NaN, infinities and integers without bounds are no JSON.
  const text = typeof value === 'number' || typeof value === 'bigint' ? undefined : JSON.stringify(beginning(value))
  return clip((text ?? String(value)).replace(unprintable, escaped))
}
