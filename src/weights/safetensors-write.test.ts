import { Buffer } from 'node:buffer'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { fromNested, type NdArray, sizeOf, zeros } from '../tensor/array.ts'
import { arrayOf, bytesOf, type DType } from '../tensor/dtype.ts'
import { toHalf } from '../tensor/half.ts'
import { openSafetensors, parseSafetensors } from './safetensors.ts'
import { encodeSafetensors, type TensorSource, writeSafetensors } from './safetensors-write.ts'

const directory = mkdtempSync(join(tmpdir(), 'pellucid-write-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** What Python's safetensors 0.8.0 wrote for the tensors below with the metadata { format: "pt" }. */
const pythonBytes = `SAMAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJhIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsyLDJdLCJkYXRhX29mZnNldHMiOlswLDMyXX0sImQiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzMyLDQwXX0sIl9fcHJvdG9fXyI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzQwLDQ0XX0sImIiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls0NCw1Ml19LCJlIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDBdLCJkYXRhX29mZnNldHMiOls1Miw1Ml19LCLvv78iOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOls1Miw1Nl19LCLwn5iAIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbNTYsNjBdfSwiaSI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzYwLDY0XX0sImciOnsiZHR5cGUiOiJCRjE2Iiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbNjQsNjZdfSwiaCI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzY2LDY4XX0sImoiOnsiZHR5cGUiOiJJMTYiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOls2OCw3MF19LCJrIjp7ImR0eXBlIjoiSTgiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOls3MCw3MV19LCJsIjp7ImR0eXBlIjoiVTgiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOls3MSw3Ml19LCLDqVwiXFxcblx1MDAxZvCfmIB/Ijp7ImR0eXBlIjoiQk9PTCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzcyLDc0XX19ICAgICABAAAAAAAAAAIAAAAAAAAAAwAAAAAAAAAEAAAAAAAAAAAAAAAAANA/AAAQQQAAgD8AAADAAABAQAAAgEAHAAAAAD8AOPn///8BAA==`

const tensors = new Map<string, NdArray>([
  ['b', fromNested([1, -2], 'float32')],
  [
    'a',
    fromNested(
      [
        [1, 2],
        [3, 4],
      ],
      'int64',
    ),
  ],
  ['é"\\\n\u001f😀\u007f', fromNested([true, false], 'bool')],
  ['\uffff', fromNested([3], 'float32')],
  ['😀', fromNested([4], 'float32')],
  ['h', toHalf(fromNested([0.5], 'float32'), 'float16')],
  ['g', toHalf(fromNested([0.5], 'float32'), 'bfloat16')],
  ['d', fromNested(0.25, 'float64')],
  ['i', fromNested([7], 'int32')],
  ['j', fromNested([-7], 'int16')],
  ['k', fromNested([-1], 'int8')],
  ['l', fromNested([255], 'uint8')],
  ['e', zeros('float32', [2, 0])],
  ['__proto__', fromNested([9], 'float32')],
])

test('the bytes are those of Python, whatever the order of the tensors', async () => {
  const expected = Buffer.from(pythonBytes, 'base64')
  const reversed = new Map([...tensors].reverse())
  for (const order of [tensors, reversed]) {
    expect(Buffer.from(encodeSafetensors(order, { format: 'pt' })).equals(expected)).toBe(true)
    const file = join(directory, 'same.safetensors')
    await writeSafetensors(file, order, { format: 'pt' })
    expect(readFileSync(file).equals(expected)).toBe(true)
  }
})

test('no tensors, no metadata: as Python', () => {
  expect(Buffer.from(encodeSafetensors(new Map())).toString('latin1')).toBe('\b\0\0\0\0\0\0\0{}      ')
})

const arrays: fc.Arbitrary<NdArray> = fc
  .tuple(fc.constantFrom(...(Object.keys(arrayOf) as DType[])), fc.array(fc.nat(3), { maxLength: 4 }))
  .chain(([dtype, shape]) => {
    const length = sizeOf(shape) * bytesOf(dtype)
    return fc.uint8Array({ minLength: length, maxLength: length, max: dtype === 'bool' ? 1 : 255 }).map((bytes) => ({
      dtype,
      shape,
      data: new arrayOf[dtype](bytes.slice().buffer, 0, sizeOf(shape)),
    }))
  })

const bytesIn = ({ data }: NdArray) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)

test('any tensors come back from bytes and from a file, bit for bit, and the data is aligned', async () => {
  const odd = fc.constantFrom('__proto__', 'constructor', 'toString', '', '\0', '../x', '\ufeff', 'a"\\b')
  const name = fc.oneof(odd, fc.string({ unit: 'binary', maxLength: 8 })).filter((text) => text !== '__metadata__')
  const metadata = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, arrays), { maxLength: 6 }), metadata, async (list, texts) => {
      const written = new Map(list)
      const bytes = encodeSafetensors(written, texts)
      const file = join(directory, 'property.safetensors')
      await writeSafetensors(file, written, texts)
      expect(readFileSync(file).equals(bytes)).toBe(true)
      for (const read of [parseSafetensors(bytes), await openSafetensors(file)]) {
        expect(new Set(read.entries.keys())).toEqual(new Set(written.keys()))
        expect(new Map(read.metadata)).toEqual(new Map(Object.entries(texts)))
        for (const [key, array] of written) {
          const back = await read.read(key)
          expect([back.dtype, back.shape]).toEqual([array.dtype, array.shape])
          expect(bytesIn(back).equals(bytesIn(array))).toBe(true)
          expect(read.entries.get(key)!.offset % bytesOf(array.dtype)).toBe(0)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('saving over the file that the tensors are read from gives identical bytes', async () => {
  const file = join(directory, 'over.safetensors')
  await writeSafetensors(file, tensors, { format: 'pt' })
  const opened = await openSafetensors(file)
  const lazy = new Map<string, TensorSource>()
  for (const [name, { dtype, shape }] of opened.entries)
    lazy.set(name, { dtype: dtype!, shape, read: () => opened.read(name) })
  await writeSafetensors(file, lazy, { format: 'pt' })
  expect(readFileSync(file).toString('base64')).toBe(pythonBytes)
})

test('a source that does not deliver what it announced leaves no file', async () => {
  const file = join(directory, 'liar', '..', 'liar.safetensors')
  const liar = { dtype: 'float32', shape: [2], read: async () => fromNested([1, 2, 3], 'float32') } as const
  await expect(writeSafetensors(file, new Map([['t', liar]]))).rejects.toThrow(
    'Tensor "t" was announced as float32 [2], got float32 [3]',
  )
  expect(readdirSync(directory)).not.toContain('liar.safetensors')
  expect(readdirSync(directory).filter((name) => name.includes('.tmp-'))).toEqual([])
})

test.each(['__metadata__', 'a\ud800'])('the name %j cannot be written', (name) => {
  expect(() => encodeSafetensors(new Map([[name, fromNested([1], 'float32')]]))).toThrow(
    expect.objectContaining({ code: 'ST_BAD_NAME', kind: 'usage' }),
  )
})
