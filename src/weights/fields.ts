/** Kinds of field that configs share, with messages that say what was expected. */
import * as z from 'zod'

const whole = 'a positive whole number'
export const count = z.number(whole).int(whole).positive(whole)
export const rate = z
  .number('a rate from 0 to below 1')
  .min(0, 'a rate from 0 to below 1')
  .lt(1, 'a rate from 0 to below 1')
export const epsilon = z
  .number('a small number above 0')
  .positive('a small number above 0')
  .lt(1, 'a small number above 0')
export const flag = z.boolean('true or false')
/** How far first weights spread; it changes no number of a model that is loaded. */
export const deviation = z.number('a number of 0 or more').min(0, 'a number of 0 or more')
