/** Searches of one prompt: makes their rows, and texts of what they find. */
import type { Tokenizer } from '../tokenizers/index.ts'
import { beamSearch } from './beam-search.ts'
import type { Decoder } from './decoder.ts'
import type { Settings } from './options.ts'
import type { LogitsProcessor } from './processors/processor.ts'
import { SearchRows } from './search-rows.ts'
import { type Ends, type GeneratedSequence, Sequence } from './sequence.ts'

export type SearchTask = {
  readonly decoder: Decoder
  /** Which of the prompts. */
  readonly prompt: number
  readonly ids: readonly number[]
  readonly settings: Settings
  readonly processors: readonly LogitsProcessor[]
  readonly ends: Ends
  readonly tokenizer: Tokenizer | undefined
}

/** The best texts of a beam search, best first. */
export async function searchBeams(task: SearchTask): Promise<GeneratedSequence[]> {
  const { decoder, prompt, ids, settings, processors, ends, tokenizer } = task
  /** A text as it would have been written token by token. */
  const replay = (whole: readonly number[], logprobs: readonly number[]) => {
    const sequence = new Sequence({ prompt, number: 0 }, ids, ends, tokenizer)
    for (const [i, id] of whole.slice(ids.length).entries()) sequence.accept({ id, logprob: logprobs[i] ?? 0 })
    return sequence
  }
  const found = await beamSearch(
    {
      rows: new SearchRows(decoder, settings.beams, ids, settings.maxNewTokens),
      prompt: ids,
      processors,
      endTokens: ends.stopTokens.size,
      ends: (whole) =>
        ends.stopTokens.has(whole.at(-1)!) || (ends.stop.length > 0 && replay(whole, []).finish === 'stop'),
    },
    settings,
  )
  return found
    .slice(0, settings.returned)
    .map(({ ids: whole, logprobs, score }) => ({ ...replay(whole, logprobs).result(), score }))
}
