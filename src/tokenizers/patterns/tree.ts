/** What a pattern says, free of syntax: options are applied, case folding is spelled out, sets of characters are made. */
import type { CharacterSet } from './character-set.ts'

type Mode = 'greedy' | 'lazy' | 'possessive'

/** Tests of a place: the borders of text and lines, where the search began (`\G`), of words and of grapheme clusters. */
export const places = [
  'line_start',
  'line_end',
  'string_start',
  'string_end',
  'string_end_newline',
  'search_start',
  'word_boundary',
  'text_segment_boundary',
] as const
export type Place = (typeof places)[number]

export type Tree =
  /** One character of a set. */
  | { kind: 'set'; set: CharacterSet }
  | { kind: 'sequence'; items: Tree[] }
  /** The first item that lets the rest match; never, when there are no items. */
  | { kind: 'choice'; items: Tree[] }
  | { kind: 'repeat'; body: Tree; least: number; most: number; mode: Mode }
  /** Its first match is its only one. */
  | { kind: 'atomic'; body: Tree }
  | { kind: 'look'; behind: boolean; negate: boolean; body: Tree }
  | { kind: 'place'; place: Place; negate: boolean }
  /** `\K`: the match begins here. */
  | { kind: 'keep' }
  /** Text that a back-reference may ask for. */
  | { kind: 'capture'; group: number; body: Tree }
  /** The text of the last of these groups that took part. */
  | { kind: 'reference'; groups: number[]; anyCase: boolean }
  /** `\X`: a grapheme cluster. */
  | { kind: 'cluster' }

export const empty: Tree = { kind: 'sequence', items: [] }

export const sequence = (items: Tree[]): Tree => (items.length === 1 ? items[0]! : { kind: 'sequence', items })

export const choice = (items: Tree[]): Tree => (items.length === 1 ? items[0]! : { kind: 'choice', items })

/** Whether a tree can match without consuming a character. */
export function nullable(tree: Tree): boolean {
  switch (tree.kind) {
    case 'set':
    case 'cluster':
      return false
    case 'sequence':
      return tree.items.every(nullable)
    case 'choice':
      return tree.items.some(nullable)
    case 'repeat':
      return tree.least === 0 || nullable(tree.body)
    case 'atomic':
    case 'capture':
      return nullable(tree.body)
    default:
      return true
  }
}

/**
 * The sets one of which the first character must belong to, or undefined where the tree may match without consuming any or the
 * answer is not known.
 */
export function firstSets(tree: Tree): CharacterSet[] | undefined {
  switch (tree.kind) {
    case 'set':
      return [tree.set]
    case 'sequence': {
      const all: CharacterSet[] = []
      for (const item of tree.items) {
        const sets = leadingSets(item)
        if (sets === undefined) return undefined
        all.push(...sets)
        if (!nullable(item)) return all
      }
      return undefined
    }
    case 'choice': {
      const each = tree.items.map(firstSets)
      return each.every((sets) => sets !== undefined) ? each.flat() : undefined
    }
    case 'repeat':
      return tree.least === 0 ? undefined : firstSets(tree.body)
    case 'atomic':
    case 'capture':
      return firstSets(tree.body)
    default:
      return undefined
  }
}

/** The sets that the first character belongs to if this tree consumes any; undefined where that is not known. */
function leadingSets(tree: Tree): CharacterSet[] | undefined {
  if (!nullable(tree)) return firstSets(tree)
  switch (tree.kind) {
    case 'look':
    case 'place':
    case 'keep':
      return []
    case 'sequence':
    case 'choice': {
      const each = tree.items.map(leadingSets)
      return each.every((sets) => sets !== undefined) ? each.flat() : undefined
    }
    case 'repeat':
    case 'atomic':
    case 'capture':
      return leadingSets(tree.body)
    default:
      return undefined
  }
}

/** Whether a tree can match as nothing but rounds of an unbounded repetition, so that two ways lead through the same text. */
function isOneRepetition(tree: Tree): boolean {
  switch (tree.kind) {
    case 'repeat':
      if (tree.mode === 'possessive') return false
      return tree.most === Infinity || (tree.least <= 1 && isOneRepetition(tree.body))
    case 'sequence':
      return tree.items.some(
        (item, i) => isOneRepetition(item) && tree.items.every((other, j) => i === j || nullable(other)),
      )
    case 'choice':
      return tree.items.some(isOneRepetition)
    case 'capture':
      return isOneRepetition(tree.body)
    default:
      return false
  }
}

/**
 * Whether an unbounded repetition can consist of another one, as in `(a+)+`: the classic cause of time exponential in the length of
 * the text in the engines that a tokenizer is written for.
 */
export function hasNestedRepetition(tree: Tree): boolean {
  switch (tree.kind) {
    case 'repeat':
      if (tree.most === Infinity && tree.mode !== 'possessive' && isOneRepetition(tree.body)) return true
      return hasNestedRepetition(tree.body)
    case 'sequence':
    case 'choice':
      return tree.items.some(hasNestedRepetition)
    case 'atomic':
    case 'capture':
    case 'look':
      return hasNestedRepetition(tree.body)
    default:
      return false
  }
}
