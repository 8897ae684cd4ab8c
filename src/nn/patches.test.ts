import { expect, test } from 'vitest'
import { evaluator } from '../graph/evaluate.ts'
import { inScope } from '../graph/scope.ts'
import { input } from '../ops/index.ts'
import { Value } from '../tensor/value.ts'
import { patches } from './patches.ts'

const [b, c, height, width, size, out] = [2, 3, 4, 6, 2, 5]

test('a linear layer over patches is the convolution of that size and stride', () => {
  const image = Value.generate([b, c, height, width], 'float32', (i) => Math.sin(i))
  const kernel = Value.generate([out, c, size, size], 'float32', (i) => Math.cos(3 * i))
  const [x, w] = [input('x', image.shape), input('w', kernel.shape)]
  const y = patches(x, size).matmul(w.reshape([out, -1]), { transB: true })
  expect(y.shape).toEqual([b, (height / size) * (width / size), out])
  const [found] = evaluator([y])(
    new Map([
      [x, image],
      [w, kernel],
    ]),
  )
  let at = 0
  for (let n = 0; n < b; n++)
    for (let top = 0; top < height; top += size)
      for (let left = 0; left < width; left += size)
        for (let o = 0; o < out; o++) {
          let sum = 0
          for (let channel = 0; channel < c; channel++)
            for (let p = 0; p < size; p++)
              for (let q = 0; q < size; q++)
                sum +=
                  image.data[((n * c + channel) * height + top + p) * width + left + q]! *
                  kernel.data[((o * c + channel) * size + p) * size + q]!
          expect(found!.data[at++]).toBeCloseTo(sum, 10)
        }
})

test('an image that the patches do not fill', () => {
  expect(() => inScope('embeddings', () => patches(input('x', [1, 3, 5, 4]), 2))).toThrow(
    /\(y p\) does not divide axis 2 of \[1, 3, 5, 4\] by 2 \(in embeddings\)/,
  )
})
