/** Everything that inspections show of a row of tokens: for a page, and for what it is compared with. */
import { attentionMaps, logitLens, residualNorms, surprises, tellingHead } from '../../src/inspection/index.ts'
import type { Model } from '../../src/model.ts'

export async function inspections(model: Model, ids: readonly number[]) {
  const head = await tellingHead(model, ids)
  const [map] = await attentionMaps(model, ids, [head])
  const { perplexity, tokens } = await surprises(model, ids, 3)
  return {
    head: [head.layer, head.head],
    attention: [...(map!.weights.data as Float32Array)],
    norms: await residualNorms(model, ids),
    lens: await logitLens(model, ids, { top: 2 }),
    perplexity,
    bits: tokens.map(({ bits = 0 }) => bits),
  }
}
