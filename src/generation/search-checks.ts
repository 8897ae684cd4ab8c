/** Which options of generation belong to which search, and which contradict one. */
import { usageError } from '../base/errors.ts'
import type { GenerateOptions, Settings } from './options.ts'

/** What only means something where a token is drawn. */
const drawing = ['topK', 'topP', 'minP', 'typicalP', 'epsilonCutoff', 'etaCutoff', 'sampler', 'seed'] as const
/** What only means something to beam search. */
const beamed = ['lengthPenalty', 'earlyStopping', 'beamSampling', 'beamGroups', 'diversityPenalty'] as const

type Name = keyof GenerateOptions

/** Throws BAD_OPTION for options that contradict a search, or would silently do nothing beside it or without it. */
export function checkSearch(options: GenerateOptions, settings: Settings): void {
  if (settings.beams > 1) checkBeams(options, settings)
  else refuse(options, beamed, (name) => `${name} belongs to beam search: give beams above 1.`)
  if (settings.contrastivePenalty > 0) checkContrastive(options, settings)
}

function checkBeams(options: GenerateOptions, settings: Settings): void {
  const { beams, returned, beamSampling, beamGroups } = settings
  if (returned > beams) throw usageError('BAD_OPTION', `returned must be at most beams (${beams}), found ${returned}.`)
  if (beams % beamGroups !== 0)
    throw usageError('BAD_OPTION', `beams must be a multiple of beamGroups (${beamGroups}), found ${beams}.`)
  if (beamGroups === 1)
    refuse(options, ['diversityPenalty'], () => 'diversityPenalty is between groups of beams: give beamGroups above 1.')
  if (beamGroups > 1 && beamSampling)
    throw usageError('BAD_OPTION', 'Groups of beams do not sample: leave out beamSampling, or beamGroups.')
  if (!beamSampling) refuseDrawing(options, (name) => `Beam search does not sample: leave out ${name}, or beams.`)
  else if (options.temperature === 0)
    throw usageError('BAD_OPTION', 'At temperature 0 nothing is drawn: leave out beamSampling, or temperature.')
  refuse(options, ['sampler', 'logprobs'], (name) => `Beam search has no use for ${name}: leave it out, or beams.`)
}

function checkContrastive(options: GenerateOptions, { beams, returned, topK }: Settings): void {
  if (beams > 1)
    throw usageError('BAD_OPTION', 'Contrastive search follows one text: leave out beams, or contrastivePenalty.')
  if (returned > 1)
    throw usageError('BAD_OPTION', `Contrastive search gives one text: returned must be 1, found ${returned}.`)
  if (topK === 1)
    throw usageError('BAD_OPTION', 'Contrastive search chooses among several tokens: topK must be above 1, found 1.')
  refuseDrawing({ ...options, topK: undefined }, (name) => {
    return `Contrastive search does not sample: leave out ${name}, or contrastivePenalty.`
  })
}

type Given = Readonly<Record<string, unknown>>

function refuse(options: Given, names: readonly Name[], message: (name: Name) => string): void {
  const name = names.find((one) => options[one] !== undefined)
  if (name) throw usageError('BAD_OPTION', message(name))
}

function refuseDrawing(options: Given, message: (name: Name) => string): void {
  refuse(options, [...(options.temperature === 0 ? [] : ['temperature' as const]), ...drawing], message)
}
