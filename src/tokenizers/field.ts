/** Reading a parsed JSON file field by field, with errors that name the file, the field, what was found and what was expected. */
import { fileError } from '../base/errors.ts'
import { show } from '../base/json.ts'

/** One value in a parsed JSON file, and where it stands. */
export class Field {
  readonly file: string
  readonly path: string
  readonly value: unknown
  constructor(file: string, value: unknown, path = '') {
    this.file = file
    this.value = value
    this.path = path
  }

  /** Throws: what was expected instead of this value. */
  fail(expected: string, code = 'TOKENIZER_FIELD'): never {
    const where = this.path === '' ? 'the whole file' : this.path
    throw fileError(
      code,
      `${this.file}: ${where} is ${this.value === undefined ? 'missing' : show(this.value)}.\nExpected ${expected}.`,
    )
  }

  /** A value may be a field itself, of another file: what is made of several files is read as one, with errors that name the right one. */
  get(name: string): Field {
    const value = this.value instanceof Map ? this.value.get(name) : entryOf(this.object(), name)
    return value instanceof Field
      ? value
      : new Field(this.file, value, this.path === '' ? name : `${this.path}.${name}`)
  }

  get missing(): boolean {
    return this.value === undefined || this.value === null
  }

  object(): Record<string, unknown> {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) this.fail('an object')
    return this.value as Record<string, unknown>
  }

  /** The items of a list as they are, and `at` for the field of one. */
  values(): readonly unknown[] {
    if (!Array.isArray(this.value)) this.fail('a list')
    return this.value as unknown[]
  }

  at(index: number): Field {
    const value = this.values()[index]
    return value instanceof Field ? value : new Field(this.file, value, `${this.path}[${index}]`)
  }

  list(): Field[] {
    return this.values().map((_, i) => this.at(i))
  }

  string(): string {
    if (typeof this.value !== 'string') this.fail('a string')
    return this.value as string
  }

  /** A string of one character. */
  character(): string {
    const text = this.string()
    if ([...text].length !== 1) this.fail('one character')
    return text
  }

  /** `fallback` stands for a missing value or null. */
  boolean(fallback?: boolean): boolean {
    if (this.missing && fallback !== undefined) return fallback
    if (typeof this.value !== 'boolean') this.fail('true or false')
    return this.value as boolean
  }

  integer(least: number, most: number, fallback?: number): number {
    if (this.missing && fallback !== undefined) return fallback
    const { value } = this
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
      this.fail(`an integer from ${least} to ${most}`)
    return value as number
  }

  /** One of the names that a table of readers knows. */
  oneOf<T extends string>(names: readonly T[], fallback?: T): T {
    if (this.missing && fallback !== undefined) return fallback
    if (!names.includes(this.value as T)) this.fail(`one of ${names.join(', ')}`, 'TOKENIZER_UNKNOWN_NAME')
    return this.value as T
  }
}

/** A JSON object as a stage was read from, or is written as. */
export type Json = { readonly [key: string]: unknown }

/** Makes a stage of a type of stages from the fields of its JSON object. */
export type StageReader<T> = (field: Field) => T

/** Reads a stage by its `type`, from a table of readers. */
export function readStage<T>(field: Field, readers: Record<string, StageReader<T>>): T {
  const name = field.get('type').oneOf(Object.keys(readers))
  return readers[name]!(field)
}

/** Ids are kept in signed 32-bit arrays. */
export const largestId = 2 ** 31 - 1

/** What a table has under a name that comes from a file, which may be that of something every object has. */
export const entryOf = <T>(table: Readonly<Record<string, T>>, name: string | undefined): T | undefined =>
  name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined
