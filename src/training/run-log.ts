/** What a run writes as it goes: metrics.jsonl, which the recipe alone decides, and timing.jsonl, which the clock does. */
import { fileError, PellucidError } from '../base/errors.ts'
import { path } from '../base/files.ts'
import { type Kept, type LineLog, openLineLog } from '../base/line-log.ts'
import type { TrainEvent } from './events.ts'
import type { Change } from './recipe-changes.ts'

/** What happens in a run and is written down. */
type Reported = Extract<TrainEvent, { type: 'step' | 'evaluation' | 'sample' }>

export type RunLog = {
  readonly metrics: LineLog
  /** What of the metrics is lost, in words. */
  readonly loss: string | undefined
  /** Seconds of computing so far, earlier starts included. */
  elapsed(): number
  record<E extends Reported>(event: E): E
  /** Writes down that from here on the recipe is another. */
  change(step: number, changes: readonly Change[]): void
  close(): void
}

/** Where a checkpoint left the logs. */
export type LogPlace = { readonly step: number; readonly metricsBytes: number }

/** Lines up to a step: what a log is cut to whose length nobody has noted. */
const upTo = (step: number) => (record: unknown) => (record as { step: number }).step <= step

/** Opens the logs of a run at the place where a checkpoint left them. Throws LOG_DAMAGED where the metrics up to there are gone. */
export function openRunLog(out: string, { step, metricsBytes }: LogPlace, allowLoss = false): RunLog {
  const at = (name: string) => path().join(out, name)
  const open = (kept: Kept) => openLineLog(at('metrics.jsonl'), kept)
  let loss: string | undefined
  let metrics: LineLog
  try {
    metrics = open({ bytes: metricsBytes })
  } catch (error) {
    if (!(error instanceof PellucidError) || error.code !== 'LOG_DAMAGED') throw error
    if (!allowLoss)
      throw fileError(
        error.code,
        `${error.message}\nPut the file back, or go on without the lost lines: --allow-fallback.`,
        error,
      )
    loss = error.message
    metrics = open({ records: upTo(step) })
  }
  let before = 0
  const timing = openLineLog(at('timing.jsonl'), {
    records: (record) => {
      if (!upTo(step)(record)) return false
      before = (record as { seconds: number }).seconds
      return true
    },
  })
  const began = performance.now()
  const elapsed = () => before + (performance.now() - began) / 1000
  return {
    metrics,
    loss,
    elapsed,
    record(event) {
      const { seconds, tokensPerSecond, ...rest } = { seconds: elapsed(), tokensPerSecond: undefined, ...event }
      metrics.append(rest)
      timing.append({ type: event.type, step: event.step, seconds, ...(tokensPerSecond && { tokensPerSecond }) })
      return event
    },
    change: (step, changes) => metrics.append({ type: 'change', step, changes }),
    close() {
      metrics.close()
      timing.close()
    },
  }
}
