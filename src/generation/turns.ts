/** Work in slices, so that timers and requests are served in between. */
import { giveWay } from '../base/event-loop.ts'

/** Most milliseconds of work before the event loop gets its turn. */
const slice = 4

/** A function to call between pieces of work: it waits for the event loop when a slice is used up. */
export function turns(): () => Promise<void> {
  let began = performance.now()
  return async () => {
    if (performance.now() - began < slice) return
    await giveWay()
    began = performance.now()
  }
}
