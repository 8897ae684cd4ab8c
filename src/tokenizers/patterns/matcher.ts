/**
 * Runs a pattern's program over a text as Oniguruma would: the leftmost match, and among those the first in the order of the
 * pattern. A position that failed at some place of the program fails whenever it is reached again, so once a search has cost more
 * than it should, failures are noted and looked up: time stays linear in the text whatever the pattern (the idea is that of
 * Davis et al. 2021, "Using selective memoization to defeat regular expression denial of service").
 */
import { enlarged, type IntegerList } from '../text/integer-list.ts'
import { IN, OUT } from './character-set.ts'
import { Memo } from './memo.ts'
import * as op from './program.ts'
import { Subject } from './subject.ts'
import { places } from './tree.ts'

/**
 * Integers in a frame of the stack: where to go on, the position, the least position of a run or -1, the length of the trail. Below
 * zero, where to go on stands for a register or slot, and the position for what it held.
 */
const frameSize = 4

/** Steps that a search may take beyond its due before failures are noted, and the due for each character. */
const usualPatience = 20_000
const due = 64

/** Steps that a scan may take whatever the text, about a second, and for each character where failures are noted. */
const mostSteps = 10_000_000
const mostStepsEach = 256

export class Matcher {
  readonly #program: op.Program
  readonly #units: readonly Uint8Array[]
  readonly #giveUp: () => never
  readonly #patience: number
  #subject = new Subject('', 0, 0)
  #stack = new Int32Array(64 * frameSize)
  #top = 0
  #steps = 0
  #patienceUntil = 0
  #stepsUntil = 0
  #memo: Memo | undefined
  readonly #registers: Int32Array
  readonly #slots: Int32Array

  /** `giveUp` throws: it is called where a search takes too long. */
  constructor(program: op.Program, giveUp: () => never, patience = usualPatience) {
    this.#program = program
    this.#patience = patience
    this.#units = program.sets.map((set) => set.units)
    this.#giveUp = giveUp
    this.#registers = new Int32Array(program.registers)
    this.#slots = new Int32Array(program.slots)
  }

  /** Adds [start, end) of each match in text[from, to), as if that were all the text. */
  scan(text: string, from: number, to: number, bounds: IntegerList): void {
    this.#subject = new Subject(text, from, to)
    this.#steps = 0
    this.#stepsUntil = mostSteps + (this.#program.memorable ? mostStepsEach : 16) * (to - from)
    this.#memo = undefined
    this.#top = 0
    let previous = -1
    for (let at = from; at <= to; ) {
      const start = this.#search(at)
      if (start < 0) break
      const begin = this.#program.slots > 0 && this.#slots[0]! >= 0 ? this.#slots[0]! : start
      const end = this.#end
      // Nothing, right after a match, is none: the search goes on one character later.
      if (begin === end && end === previous) at = end + this.#subject.length(end)
      else {
        bounds.pushPair(begin, end)
        previous = at = end
      }
    }
    this.#subject = new Subject('', 0, 0)
    this.#memo = undefined
  }

  /** The end of the match that `#search` found. */
  #end = 0

  /** The start of the first match at or after a position, or -1. */
  #search(from: number): number {
    const subject = this.#subject
    const { text, to } = subject
    const { start } = this.#program
    const { masks } = start
    subject.searchStart = from
    if (this.#memo === undefined) this.#patienceUntil = this.#patience + due * (from - subject.from)
    for (let at = from; at <= to; at += subject.length(at)) {
      if (at === to) {
        if (start.atEnd === 0) break
      } else {
        const unit = text.charCodeAt(at)
        const mask = masks[unit]!
        if (mask === 0 || start.ask(unit) === 0) continue
      }
      if (this.#slots.length > 0) this.#slots.fill(-1)
      const end = this.#run(0, at)
      if (end >= 0) {
        this.#end = end
        return at
      }
    }
    return -1
  }

  /** Runs the program, or the one inside it that begins at `entry`. @returns where the match ends, or -1 */
  #run(entry: number, start: number): number {
    const { code, sets, choices } = this.#program
    const units = this.#units
    const subject = this.#subject
    const { text, from, to } = subject
    const registers = this.#registers
    const base = this.#top
    let memo = this.#memo
    const trail = memo === undefined ? 0 : memo.trailLength
    let steps = this.#steps
    let pc = entry
    let at = start
    let end = -1
    for (;;) {
      // Each case goes on by `continue`; to leave the switch is to fail, or to succeed where `end` is set.
      switch (code[pc]) {
        case op.MATCH:
          end = at
          break
        case op.UNIT:
          if (at < to && text.charCodeAt(at) === code[pc + 1]) {
            at++
            pc += 2
            continue
          }
          break
        case op.SET: {
          if (at >= to) break
          const set = code[pc + 1]!
          const known = units[set]![text.charCodeAt(at)]!
          if (known === OUT) break
          if (known === IN) at++
          else {
            const character = text.codePointAt(at)!
            if (!sets[set]!.has(character)) break
            at += character > 0xffff ? 2 : 1
          }
          pc += 2
          continue
        }
        case op.SET_BEHIND: {
          if (at <= from) break
          const before = subject.before(at)
          if (!sets[code[pc + 1]!]!.has(text.codePointAt(before)!)) break
          at = before
          pc += 2
          continue
        }
        case op.CHOICE: {
          const choice = choices[code[pc + 1]!]!
          let mask = choice.atEnd
          if (at < to) {
            const unit = text.charCodeAt(at)
            mask = choice.masks[unit]!
            if (mask === op.UNASKED) mask = choice.ask(unit)
          }
          if (mask === 0) break
          const { targets } = choice
          // The first target now, the others on the stack, the last of them at the bottom.
          while ((mask & (mask - 1)) !== 0) {
            const last = 31 - Math.clz32(mask)
            mask ^= 1 << last
            this.#push(targets[last]!, at, -1, memo === undefined ? 0 : memo.trailLength)
          }
          pc = targets[31 - Math.clz32(mask)]!
          continue
        }
        case op.RUN:
        case op.RUN_POSSESSIVE: {
          const set = code[pc + 1]!
          const table = units[set]!
          const least = code[pc + 2]!
          const most = code[pc + 3]!
          const mark = memo === undefined ? -1 : code[pc + 4]!
          // What happened before the round of a loop around consumed anything is not noted.
          const fresh = mark < 0 ? 0 : code[pc + 5]! < 0 ? -1 : registers[code[pc + 5]!]!
          const began = at
          let low = at
          let seen = 0
          if (mark < 0 && most < 0) {
            while (at < to) {
              const known = table[text.charCodeAt(at)]!
              if (known === OUT) break
              if (known === IN) at++
              else {
                const character = text.codePointAt(at)!
                if (!sets[set]!.has(character)) break
                at += character > 0xffff ? 2 : 1
              }
            }
            if (least === 1) {
              if (at === began) break
              low += subject.length(began)
            }
          } else {
            let count = 0
            for (;;) {
              if (mark >= 0 && count >= least && at > fresh) {
                seen = memo!.look(mark, at)
                if (seen !== 0) break
              }
              if (at >= to || count === most) break
              const known = table[text.charCodeAt(at)]!
              if (known === OUT) break
              if (known === IN) at++
              else {
                const character = text.codePointAt(at)!
                if (!sets[set]!.has(character)) break
                at += character > 0xffff ? 2 : 1
              }
              if (++count === least) low = at
            }
            if (count < least) break
          }
          steps += at - began
          const trailBefore = memo === undefined ? 0 : memo.trailLength
          const possessive = code[pc] === op.RUN_POSSESSIVE
          if (seen > 0) {
            memo!.retrace(mark, Math.max(low, fresh + 1), at)
            end = seen - 1
            break
          }
          if (seen < 0) {
            // From here on it fails; to end earlier may not, if the run may.
            if (mark >= 0) memo!.enter(mark, Math.max(low, fresh + 1), at - 1)
            if (possessive || at <= low) break
            at = subject.before(at)
          } else if (mark >= 0) memo!.enter(mark, Math.max(low, fresh + 1), at)
          pc += op.runSize
          if (!possessive && at > low && code[pc] !== op.MATCH) this.#push(pc, subject.before(at), low, trailBefore)
          continue
        }
        case op.SPLIT:
          this.#push(code[pc + 2]!, at, -1, memo === undefined ? 0 : memo.trailLength)
          pc = code[pc + 1]!
          continue
        case op.JUMP:
          pc = code[pc + 1]!
          continue
        case op.MARK: {
          steps++
          if (memo !== undefined && (code[pc + 2]! < 0 || at > registers[code[pc + 2]!]!)) {
            const seen = memo.look(code[pc + 1]!, at)
            if (seen > 0) end = seen - 1
            if (seen !== 0) break
            memo.enter(code[pc + 1]!, at, at)
          }
          pc += 3
          continue
        }
        case op.PEEK: {
          const behind = code[pc + 2] === 1
          const there = behind ? at > from : at < to
          const member = there && sets[code[pc + 1]!]!.has(text.codePointAt(behind ? subject.before(at) : at)!)
          if (member === (code[pc + 3] === 1)) break
          pc += 4
          continue
        }
        case op.LOOK:
        case op.ATOMIC: {
          // What the inner program notes in slots is undone with what comes before it.
          for (let slot = 0; slot < this.#slots.length; slot++)
            this.#push(-1 - registers.length - slot, this.#slots[slot]!, -1, 0)
          this.#steps = steps
          const inner = this.#run(code[pc + 1]!, at)
          steps = this.#steps
          memo = this.#memo
          if (code[pc] === op.ATOMIC) {
            if (inner < 0) break
            at = inner
            pc += 2
          } else {
            if (inner >= 0 === (code[pc + 2] === 1)) break
            pc += 3
          }
          continue
        }
        case op.PLACE:
          if (subject.isAt(places[code[pc + 1]!]!, at) === (code[pc + 2] === 1)) break
          pc += 3
          continue
        case op.SAVE:
        case op.ROUND: {
          const saves = code[pc] === op.SAVE
          const kept = saves ? this.#slots : registers
          const index = code[pc + 1]!
          this.#push(-1 - index - (saves ? registers.length : 0), kept[index]!, -1, 0)
          kept[index] = at
          pc += 2
          continue
        }
        case op.AGAIN:
          pc = at === registers[code[pc + 1]!]! ? pc + 3 : code[pc + 2]!
          continue
        case op.REFERENCE: {
          const after = this.#repeated(code[pc + 1]!, at)
          steps += Math.max(0, after - at) + 1
          if (after < 0) break
          at = after
          pc += 2
          continue
        }
        case op.CLUSTER: {
          if (at >= to) break
          do at++
          while (!subject.isAt('text_segment_boundary', at))
          pc++
          continue
        }
      }
      if (end >= 0) break
      if (++steps > this.#patienceUntil) memo = this.#impatient(steps)
      if (!this.#pop(base)) break
      const stack = this.#stack
      const top = this.#top
      pc = stack[top]!
      at = stack[top + 1]!
      if (memo !== undefined) memo.trailLength = stack[top + 3]!
      const low = stack[top + 2]!
      if (low >= 0) {
        // A run that ends here now, and may end still earlier.
        const mark = code[pc - op.runSize + 4]!
        if (memo !== undefined && mark >= 0) memo.retrace(mark, low, at)
        if (at > low) {
          stack[top + 1] = subject.before(at)
          this.#top += frameSize
        }
      }
    }
    if (memo !== undefined) {
      if (end >= 0) memo.succeed(trail, end)
      else memo.trailLength = trail
    }
    if (steps > this.#patienceUntil) this.#impatient(steps)
    this.#top = base
    this.#steps = steps
    return end
  }

  #push(pc: number, at: number, low: number, trail: number): void {
    let stack = this.#stack
    const top = this.#top
    if (top + frameSize > stack.length) stack = this.#stack = enlarged(stack, 2 * stack.length)
    stack[top] = pc
    stack[top + 1] = at
    stack[top + 2] = low
    stack[top + 3] = trail
    this.#top = top + frameSize
  }

  /** Takes frames off until one says where to go on; the others set registers and slots back. @returns whether there was one */
  #pop(base: number): boolean {
    const stack = this.#stack
    while (this.#top > base) {
      this.#top -= frameSize
      const index = -1 - stack[this.#top]!
      if (index < 0) return true
      const old = stack[this.#top + 1]!
      if (index < this.#registers.length) this.#registers[index] = old
      else this.#slots[index - this.#registers.length] = old
    }
    return false
  }

  /** The search has cost more than it should: failures are noted from now on, where they can be. */
  #impatient(steps: number): Memo | undefined {
    if (steps > this.#stepsUntil) this.#giveUp()
    const { marks, ownMarks, memorable } = this.#program
    this.#patienceUntil = this.#stepsUntil
    if (memorable) this.#memo ??= new Memo(marks, ownMarks, this.#subject.from, this.#subject.to, this.#giveUp)
    return this.#memo
  }

  /** Where a back-reference ends that begins at a position, or -1. Of several groups the last that fits. */
  #repeated(reference: number, at: number): number {
    const { groups, anyCase } = this.#program.references[reference]!
    for (let i = groups.length - 1; i >= 0; i--) {
      const start = this.#slots[2 * groups[i]! - 1]!
      const end = this.#slots[2 * groups[i]!]!
      if (start < 0 || end < 0) continue
      const after = anyCase ? this.#subject.repeatedInAnyCase(start, end, at) : this.#subject.repeated(start, end, at)
      if (after >= 0) return after
    }
    return -1
  }
}
