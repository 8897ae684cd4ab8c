/** The preparation of a run's text, with reports of how far it is. */
import { path } from '../base/files.ts'
import { partSize } from '../datasets/text.ts'
import { type Expected, type Prepared, type PrepareOptions, type Progress, prepareData, type Texts } from './data.ts'
import type { TrainEvent } from './events.ts'
import type { Recipe } from './recipe.ts'

/** Time between reports of a preparation that takes long, in milliseconds. */
const reportEvery = 250

/** Tokenizes the text, and says how far it is; undefined when aborted. See `prepareData`. */
export async function* prepare(
  recipe: Recipe,
  texts: Texts | undefined,
  out: string,
  expected: Expected | undefined,
  { signal, warn }: Omit<PrepareOptions, 'progress'>,
): AsyncGenerator<TrainEvent, Prepared | undefined> {
  const stop = new AbortController()
  const parts = texts ? [...texts.train, ...texts.validation] : []
  const total = parts.reduce((sum, part) => sum + partSize(part), 0)
  const progress: Progress = { stage: 'read', done: 0, total }
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const directory = path().join(out, 'data')
  const work = prepareData(directory, recipe, texts, expected, { progress, signal: either, warn })
  work.catch(() => {}) // It is awaited below; until then nobody listens.
  try {
    for (;;) {
      let stopWaiting = () => {}
      const late = new Promise<undefined>((resolve) => {
        const timer = setTimeout(() => resolve(undefined), reportEvery)
        stopWaiting = () => clearTimeout(timer)
      })
      const done = await Promise.race([work, late]).finally(() => stopWaiting())
      if (done) return done
      yield { type: 'prepare', ...progress }
    }
  } catch (error) {
    if (signal?.aborted) return undefined
    throw error
  } finally {
    stop.abort()
    await work.catch(() => {})
  }
}
