/** Images as sequences of patches. */
//   b batch · c channels · y x places of patches · p q rows and columns of one patch
import type { Tensor } from '../graph/tensor.ts'

/**
 * Images [b, c, H, W] cut into squares of `size`, row by row: [b, patches, c·size·size]. A linear layer over it is the convolution of
 * that size and stride whose weight [out, c, size, size] is the layer's, flattened. Throws when the squares do not fill the image.
 */
export const patches = (images: Tensor, size: number): Tensor =>
  images.rearrange('b c (y p) (x q) -> b (y x) (c p q)', { p: size, q: size })
