/** All tokens as one, without anything between them. */
import type { Field } from '../field.ts'
import type { Decoder } from './decoder.ts'

export const readFuse = (field: Field): Decoder => ({
  json: field.object(),
  fuses: true,
  adds: (token) => token,
  start: (next) => ({
    token: (text) => next.text(text),
    text: (part) => next.text(part),
    close() {},
    end() {
      next.close()
      next.end()
    },
  }),
})
