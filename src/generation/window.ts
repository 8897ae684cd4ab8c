/** Which part of a long text a model with a limited context reads. */

/**
 * The first position read when the text has `length` tokens. A text that fits is read whole; whenever it outgrows the context, the
 * model goes on from the last half of it. It depends on the length alone, so a text may be continued in any number of calls.
 */
export function windowStart(length: number, context: number): number {
  const stride = Math.max(1, Math.floor(context / 2))
  return length <= context ? 0 : Math.ceil((length - context) / stride) * stride
}
