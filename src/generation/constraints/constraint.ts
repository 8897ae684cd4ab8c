/** Text that must be of a form: which tokens may come next in a sequence, as a processor of its logits. */
import { failure, usageError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import type { Tokenizer } from '../../tokenizers/index.ts'
import type { LogitsProcessor, SequenceState } from '../processors/processor.ts'
import { parseGbnf } from './gbnf.ts'
import type { Grammar } from './grammar.ts'
import { jsonSchemaGrammar } from './json-schema.ts'
import { applyMask, Masks } from './masks.ts'
import { isComplete, Matcher, type State } from './matcher.ts'
import { regexExpression } from './regex.ts'
import { readRegex } from './regex-syntax.ts'
import { alphabetOf, spelledWith } from './spelling.ts'
import { tokenTrie } from './token-trie.ts'

/** The form of the new text; at most one may be given. */
export type ConstraintOptions = {
  /** A regular expression of JavaScript that must match the whole new text; see `regexExpression`. */
  readonly regex?: string | RegExp | undefined
  /** A JSON Schema that the new text must satisfy; true for any JSON; see `jsonSchemaGrammar`. */
  readonly jsonSchema?: object | boolean | undefined
  /** A grammar in GBNF that the new text must be of; see `parseGbnf`. */
  readonly grammar?: string | undefined
}

export type Constraint = {
  /** Removes every token with which the text could not become one of the form. Errors: NO_TOKEN_FITS, AMBIGUOUS_GRAMMAR. */
  readonly process: LogitsProcessor
  /** Whether the new text is of the form and nothing may follow. */
  readonly complete: (state: SequenceState) => boolean
}

/** A form and the text that it is known by. */
type Form = { readonly key: string; readonly grammar: () => Grammar }

/** The form asked for, or undefined if none is asked for. */
function read({ regex, jsonSchema, grammar }: ConstraintOptions): Form | undefined {
  if (regex !== undefined) {
    const expression = readRegex(regex)
    return {
      key: `regex ${expression}`,
      grammar: () => ({ root: 'text', rules: new Map([['text', regexExpression(expression)]]) }),
    }
  }
  if (jsonSchema !== undefined)
    return { key: `schema ${textOf(jsonSchema)}`, grammar: () => jsonSchemaGrammar(jsonSchema) }
  if (grammar !== undefined) return { key: `grammar ${grammar}`, grammar: () => parseGbnf(grammar) }
  return undefined
}

/** Throws BAD_SCHEMA for what JSON cannot hold. */
function textOf(schema: unknown): string {
  try {
    return JSON.stringify(schema)
  } catch (error) {
    throw usageError('BAD_SCHEMA', `The JSON Schema is no JSON: ${(error as Error).message.split('\n')[0]}.`)
  }
}

/** Tries a form without a tokenizer. Errors: NO_TEXT_FITS, BAD_REGEX, BAD_SCHEMA, BAD_GRAMMAR and those of `compile`. */
export function checkForm(options: ConstraintOptions): void {
  const form = read(options)
  if (form && new Matcher(form.grammar()).empty) throw noTextFits()
}

const noTextFits = () =>
  usageError('NO_TEXT_FITS', 'The constraint allows no text at all: no text could ever satisfy it.')

/** What was made ready for each tokenizer, the latest last. */
const ready = new WeakMap<Tokenizer, Map<string, Masks>>()
const mostReady = 16

/** Errors: NO_TEXT_FITS for a form of no text, NO_TOKEN_FITS for one that the vocabulary cannot spell, and those of reading the form. */
function masksOf(form: Form, tokenizer: Tokenizer, vocabulary: number): Masks {
  let known = ready.get(tokenizer)
  if (!known) ready.set(tokenizer, (known = new Map()))
  const key = `${vocabulary} ${form.key}`
  const masks = known.get(key) ?? makeReady(form.grammar(), tokenizer, vocabulary)
  known.delete(key)
  known.set(key, masks)
  if (known.size > mostReady) known.delete(known.keys().next().value!)
  return masks
}

function makeReady(grammar: Grammar, tokenizer: Tokenizer, vocabulary: number): Masks {
  const trie = tokenTrie(tokenizer)
  const alphabet = alphabetOf(trie)
  if (alphabet === undefined) {
    const masks = new Masks(grammar, trie, vocabulary)
    if (masks.matcher.empty) throw noTextFits()
    return masks
  }
  const masks = new Masks(spelledWith(alphabet, grammar), trie, vocabulary)
  if (!masks.matcher.empty) return masks
  if (new Matcher(grammar).empty) throw noTextFits()
  throw failure(
    'NO_TOKEN_FITS',
    'The vocabulary cannot spell any text that the constraint allows: it lacks a character of each.\nUse characters that the tokenizer knows.',
  )
}

/** Where a sequence stands, and where it stood after each of its tokens. */
type Trail = { readonly ids: number[]; readonly states: State[] }

/**
 * The constraint that options ask for, if they do. `stopTokens` end a text, and may come only where it may end. Without any, what is
 * complete ends by itself. Errors: NO_TOKENIZER, NO_TEXT_FITS, BAD_REGEX, BAD_SCHEMA, BAD_GRAMMAR and those of `compile`.
 */
export function constraintOf(
  { regex, jsonSchema, grammar }: ConstraintOptions,
  tokenizer: Tokenizer | undefined,
  stopTokens: readonly number[],
  vocabulary: number,
): Constraint | undefined {
  const form = read({ regex, jsonSchema, grammar })
  if (!form) return undefined
  if (!tokenizer)
    throw usageError('NO_TOKENIZER', 'regex, jsonSchema and grammar need a tokenizer; the model has none.')
  const masks = masksOf(form, tokenizer, vocabulary)
  const { matcher } = masks
  const ends = new Set(stopTokens)
  /** By the array of a sequence's ids, which most often grows by one. */
  const trails = new WeakMap<readonly number[], Trail>()

  const stateOf = ({ ids, promptLength }: SequenceState): State => {
    let trail = trails.get(ids)
    if (!trail) trails.set(ids, (trail = { ids: [], states: [matcher.start()!] }))
    let same = 0
    while (same < trail.ids.length && trail.ids[same] === ids[promptLength + same]) same++
    trail.ids.length = same
    trail.states.length = same + 1
    for (let i = promptLength + same; i < ids.length; i++) {
      const id = ids[i]!
      const bytes = ends.has(id) ? undefined : tokenizer.bytesOf(id)
      const next = bytes && matcher.advanceAll(trail.states.at(-1)!, bytes)
      if (!next)
        throw failure(
          'CONSTRAINT_BROKEN',
          `Token ${id} (${show(tokenizer.tokenOf(id) ?? '')}) came at place ${i - promptLength} of the new text, where the constraint does not allow it.\nLeave out processors and settings that force tokens.`,
        )
      trail.ids.push(id)
      trail.states.push(next)
    }
    return trail.states.at(-1)!
  }

  return {
    process: (logits, sequence) => {
      const state = stateOf(sequence)
      const mask = masks.of(state)
      if (!state.accepting && mask.none) throw noTokenFits(state, sequence, tokenizer)
      applyMask(logits, mask, stopTokens, state.accepting)
    },
    complete: (sequence) => {
      if (stopTokens.length > 0) return false
      const state = stateOf(sequence)
      return state.accepting && isComplete(state)
    },
  }
}

function noTokenFits(state: State, { ids, promptLength }: SequenceState, tokenizer: Tokenizer) {
  const { low, high } = state.heads[0]!.node.edges[0]!
  const name = (byte: number) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `0x${byte.toString(16)}`)
  const text = tokenizer.decode(ids.slice(promptLength), { skipSpecialTokens: true })
  return failure(
    'NO_TOKEN_FITS',
    `The vocabulary has no token with which the text can go on after ${show(text.slice(-40))}.\nThe constraint asks for ${name(low)}${high > low ? ` to ${name(high)}` : ''}, among others. Use characters that the tokenizer knows.`,
  )
}
