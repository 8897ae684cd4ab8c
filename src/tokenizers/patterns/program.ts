/** A pattern's tree → the program that the matcher runs: integers, an operation and its operands at a time. */
import type { CharacterSet } from './character-set.ts'
import { firstSets, nullable, places, type Tree } from './tree.ts'

/** The operations, with their operands. A mark is a place in the program where the matcher may note that a position fails. */
export const MATCH = 0
export const FAIL = 1
/** set: one character. */
export const SET = 2
/** set: the character before. */
export const SET_BEHIND = 3
/** set, least, most (-1: no bound), mark (-1: none), register: as many as there are, then fewer. */
export const RUN = 4
/** As `RUN`, but never fewer. */
export const RUN_POSSESSIVE = 5
/** target, target: the first, then the second. */
export const SPLIT = 6
/** choice: its targets that the next character can begin, in order. */
export const CHOICE = 7
export const JUMP = 8
/** mark, register. */
export const MARK = 9
/** set, behind, negate: whether the next character, or the one before, belongs to the set. */
export const PEEK = 10
/** entry, negate: another program that must, or must not, match here. */
export const LOOK = 11
/** entry: another program, whose first match is kept. */
export const ATOMIC = 12
/** index into `places`, negate. */
export const PLACE = 13
/** slot: notes the position. */
export const SAVE = 14
/** index into `references`. */
export const REFERENCE = 15
/** register: a round of a loop begins here. */
export const ROUND = 16
/** register, target: back to the target if the round consumed something. */
export const AGAIN = 17
export const CLUSTER = 18
/** unit: this code unit. */
export const UNIT = 19

/** The operands of a run take this much room, the operation included. */
export const runSize = 6

/** A choice takes at most this many targets, so that 16 bits say which of them a character can begin. */
const mostTargets = 15
/** In `Choice.masks`: ask. */
export const UNASKED = 0xffff

/** Choices by the next character, each with a table; further ones are made by trying. */
const mostChoices = 32

/** Programs longer than this come from repetitions such as `(?:…{1000}){1000}`. */
const longestProgram = 1_000_000

/** Where to go on, by the next code unit. */
export class Choice {
  readonly targets: number[] = []
  readonly #firsts: (CharacterSet[] | undefined)[]
  /** Bit `i` for target `i`; `UNASKED` until `ask` is called. */
  readonly masks = new Uint16Array(0x10000).fill(UNASKED)
  /** At the end of the text. */
  readonly atEnd: number

  constructor(firsts: (CharacterSet[] | undefined)[]) {
    this.#firsts = firsts
    this.atEnd = this.#collect((sets) => sets === undefined)
    // Half a character does not say which one it is.
    this.masks.fill((1 << firsts.length) - 1, 0xd800, 0xe000)
  }

  /** The targets that a code unit can begin. */
  ask(unit: number): number {
    const known = this.masks[unit]!
    if (known !== UNASKED) return known
    return (this.masks[unit] = this.#collect((sets) => sets === undefined || sets.some((set) => set.has(unit))))
  }

  #collect(test: (sets: CharacterSet[] | undefined) => boolean): number {
    return this.#firsts.reduce((mask, sets, i) => (test(sets) ? mask | (1 << i) : mask), 0)
  }
}

export type Program = {
  code: Int32Array
  /** What a match can begin with: mask 0 where it cannot. */
  start: Choice
  sets: readonly CharacterSet[]
  choices: readonly Choice[]
  references: readonly { groups: number[]; anyCase: boolean }[]
  /** The first marks belong to the pattern itself, those from `ownMarks` on to lookarounds and atomic groups. */
  marks: number
  ownMarks: number
  registers: number
  /** 0 for the start that `\K` sets, then two for each group. */
  slots: number
  /** Whether a position that failed once fails always: not where earlier text or the start of the search has a say. */
  memorable: boolean
}

class Compiler {
  readonly code: number[] = []
  readonly sets: CharacterSet[] = []
  readonly choices: Choice[] = []
  readonly references: { groups: number[]; anyCase: boolean }[] = []
  readonly #pending: { tree: Tree; behind: boolean; patch: number }[] = []
  marks = 0
  registers = 0
  slots = 0
  memorable = true
  /** The program being written reads backwards, and is a lookaround or an atomic group. */
  #behind = false
  #inner = false
  /** The register of the loop around, or -1. */
  #register = -1

  compile(tree: Tree): Program {
    this.#choice(tree.kind === 'choice' ? tree.items : [tree], true)
    const start = new Choice([firstSets(tree)])
    const ownMarks = this.marks
    this.#inner = true
    for (let sub = this.#pending.pop(); sub; sub = this.#pending.pop()) {
      this.code[sub.patch] = this.code.length
      this.#behind = sub.behind
      this.#register = -1
      this.#emit(sub.tree, true)
    }
    const { sets, choices, references, marks, registers, slots, memorable } = this
    const code = Int32Array.from(this.code)
    return { code, start, sets, choices, references, marks, ownMarks, registers, slots, memorable }
  }

  #put(...operation: number[]): number {
    if (this.code.length > longestProgram)
      throw new Error('it repeats too much: its bounds multiply to a program that is too large')
    return this.code.push(...operation) - operation.length
  }

  #set(set: CharacterSet): number {
    const known = this.sets.indexOf(set)
    return known < 0 ? this.sets.push(set) - 1 : known
  }

  /** After `tail` nothing comes but the end of the program. */
  #emit(tree: Tree, tail: boolean): void {
    switch (tree.kind) {
      case 'choice':
        this.#choice(tree.items, tail)
        return
      case 'sequence': {
        const items = this.#behind ? tree.items.toReversed() : tree.items
        for (const [i, item] of items.entries()) this.#emit(item, tail && i === items.length - 1)
        if (tail && items.length === 0) this.#put(MATCH)
        return
      }
      case 'repeat':
        this.#repeat(tree, tail)
        return
      case 'capture':
        this.#capture(tree.group, tree.body, tail)
        return
      case 'set':
        if (this.#behind) this.#put(SET_BEHIND, this.#set(tree.set))
        else if (tree.set.only !== undefined && tree.set.only < 0x10000) this.#put(UNIT, tree.set.only)
        else this.#put(SET, this.#set(tree.set))
        break
      case 'atomic':
        this.#atomic(tree.body)
        break
      case 'look':
        this.#look(tree)
        break
      case 'place':
        if (tree.place === 'search_start') this.memorable = false
        this.#put(PLACE, places.indexOf(tree.place), Number(tree.negate))
        break
      case 'keep':
        this.#save(0)
        break
      case 'reference':
        this.memorable = false
        this.#put(REFERENCE, this.references.push(tree) - 1)
        break
      case 'cluster':
        if (this.#behind) throw new Error('\\X inside (?<=…) is not supported')
        this.#put(CLUSTER)
    }
    if (tail) this.#put(MATCH)
  }

  #mark(): void {
    this.#put(MARK, this.marks++, this.#register)
  }

  #choice(items: readonly Tree[], tail: boolean): void {
    if (items.length === 0) return void this.#put(FAIL)
    const firsts = this.#behind ? [] : items.map(firstSets)
    const branches = items.map((item) => () => this.#emit(item, tail))
    const ends = this.#branch(firsts, branches, tail)
    if (tail) return
    for (const end of ends) this.code[end] = this.code.length
    if (items.length > 1) this.#mark()
  }

  /** Writes branches of which the first that lets the rest match is taken. @returns operands that must point to what follows */
  #branch(firsts: (CharacterSet[] | undefined)[], branches: (() => void)[], tail: boolean): number[] {
    const ends: number[] = []
    const after = (last: boolean) => {
      if (!tail && !last) ends.push(this.#put(JUMP, 0) + 1)
    }
    const known = firsts.some((sets) => sets !== undefined)
    if (known && firsts.length <= mostTargets && this.choices.length < mostChoices) {
      const choice = new Choice(firsts)
      this.#put(CHOICE, this.choices.push(choice) - 1)
      for (const [i, branch] of branches.entries()) {
        choice.targets.push(this.code.length)
        branch()
        after(i === branches.length - 1)
      }
      return ends
    }
    for (const [i, branch] of branches.entries()) {
      const last = i === branches.length - 1
      const split = last ? -1 : this.#put(SPLIT, this.code.length + 3, 0)
      branch()
      after(last)
      if (!last) this.code[split + 2] = this.code.length
    }
    return ends
  }

  #repeat(tree: Tree & { kind: 'repeat' }, tail: boolean): void {
    const { body, least, most, mode } = tree
    if (body.kind === 'set' && !this.#behind && mode !== 'lazy')
      this.#run(this.#set(body.set), least, most, mode === 'possessive', tail)
    else if (mode === 'possessive') {
      if (this.#behind) this.#possessiveBehind(tree)
      else this.#sub(ATOMIC, { ...tree, mode: 'greedy' }, false)
    } else if (most < Infinity) this.#copies(body, least, most, mode === 'lazy')
    else {
      for (let i = 0; i < least; i++) this.#emit(body, false)
      this.#loop(body, mode === 'lazy')
    }
    if (tail) this.#put(MATCH)
  }

  #run(set: number, least: number, most: number, possessive: boolean, tail: boolean): void {
    const operation = possessive ? RUN_POSSESSIVE : RUN
    if (most !== Infinity) {
      this.#put(operation, set, least, most, -1, -1)
      if (!tail && !possessive && most > least) this.#mark()
      return
    }
    // What an unbounded run begins with must say nothing about how it was entered: what is demanded comes before.
    if (least > 1) this.#put(RUN_POSSESSIVE, set, least - 1, least - 1, -1, -1)
    this.#put(operation, set, Math.min(least, 1), -1, this.marks++, this.#register)
  }

  /** Inside a lookbehind, `a++` is `a+` after which no other `a` comes. */
  #possessiveBehind({ body, least, most }: Tree & { kind: 'repeat' }): void {
    if (body.kind !== 'set' || most !== Infinity) throw new Error('?+ inside (?<=…) is not supported')
    this.#put(PEEK, this.#set(body.set), 0, 1)
    this.#repeat({ kind: 'repeat', body, least, most, mode: 'greedy' }, false)
  }

  /** Goes on into what is written next, or out of it. @returns to be called with where out is */
  #fork(body: Tree, lazy: boolean): (target: number) => void {
    const first = this.#behind || this.choices.length >= mostChoices ? undefined : firstSets(body)
    if (first === undefined) {
      const at = this.#put(SPLIT, 0, 0)
      this.code[at + (lazy ? 2 : 1)] = this.code.length
      return (target) => {
        this.code[at + (lazy ? 1 : 2)] = target
      }
    }
    const choice = new Choice(lazy ? [undefined, first] : [first, undefined])
    this.#put(CHOICE, this.choices.push(choice) - 1)
    choice.targets[lazy ? 1 : 0] = this.code.length
    return (target) => {
      choice.targets[lazy ? 0 : 1] = target
    }
  }

  #loop(body: Tree, lazy: boolean): void {
    const head = this.code.length
    this.#mark()
    const leave = this.#fork(body, lazy)
    if (nullable(body)) {
      const outer = this.#register
      const register = (this.#register = this.registers++)
      this.#put(ROUND, register)
      this.#emit(body, false)
      this.#register = outer
      this.#put(AGAIN, register, head)
      leave(this.code.length)
      this.#mark()
    } else {
      this.#emit(body, false)
      this.#put(JUMP, head)
      leave(this.code.length)
    }
  }

  /** `body` from `least` to `most` times. Of those that may be empty, none comes after an empty one: so it is in Oniguruma. */
  #copies(body: Tree, least: number, most: number, lazy: boolean): void {
    const leave: ((target: number) => void)[] = []
    const outer = this.#register
    const register = most > 1 && nullable(body) ? this.registers++ : -1
    for (let i = 0; i < most; i++) {
      if (i >= least) leave.push(this.#fork(body, lazy))
      if (register < 0 || i === most - 1) this.#emit(body, false)
      else {
        this.#register = register
        this.#put(ROUND, register)
        this.#emit(body, false)
        this.#register = outer
        const at = this.#put(AGAIN, register, this.code.length + 5, JUMP, 0)
        leave.push((target) => {
          this.code[at + 4] = target
        })
      }
    }
    for (const way of leave) way(this.code.length)
    if (leave.length > 0) this.#mark()
  }

  #capture(group: number, body: Tree, tail: boolean): void {
    this.#save(2 * group - (this.#behind ? 0 : 1))
    this.#emit(body, false)
    this.#save(2 * group - (this.#behind ? 1 : 0))
    if (tail) this.#put(MATCH)
  }

  #save(slot: number): void {
    this.slots = Math.max(this.slots, slot + 1)
    // What is noted inside must not be lost where a position is known to succeed.
    if (this.#inner) this.memorable = false
    this.#put(SAVE, slot)
  }

  #atomic(body: Tree): void {
    if (body.kind === 'set') this.#emit(body, false)
    else if (body.kind === 'repeat' && body.mode === 'greedy' && body.body.kind === 'set')
      this.#repeat({ ...body, mode: 'possessive' }, false)
    else this.#sub(ATOMIC, body, false)
  }

  #look({ behind, negate, body }: Tree & { kind: 'look' }): void {
    if (body.kind === 'set') this.#put(PEEK, this.#set(body.set), Number(behind), Number(negate))
    else this.#sub(LOOK, body, behind, Number(negate))
  }

  #sub(operation: number, tree: Tree, behind: boolean, ...operands: number[]): void {
    const at = this.#put(operation, 0, ...operands)
    this.#pending.push({ tree, behind, patch: at + 1 })
  }
}

/** Errors: an `Error` whose message says what is not supported. */
export const compile = (tree: Tree): Program => new Compiler().compile(tree)
