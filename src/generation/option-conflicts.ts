/** Options of generation that contradict each other, or would silently do nothing beside others. */
import { usageError } from '../base/errors.ts'
import type { GenerateOptions, Settings } from './options.ts'

type Name = keyof GenerateOptions

/** What only means something where a token is drawn. */
const drawing = ['topK', 'topP', 'minP', 'typicalP', 'epsilonCutoff', 'etaCutoff', 'sampler', 'seed'] as const
/** What only means something to beam search. */
const beamed = ['lengthPenalty', 'earlyStopping', 'beamSampling', 'beamGroups', 'diversityPenalty'] as const
/** What only the step-by-step writing of texts can tell. */
const reports = ['logprobs', 'promptLogprobs'] as const

const bad = (message: string) => usageError('BAD_OPTION', message)

/** Throws BAD_OPTION. */
export function checkTogether(options: GenerateOptions, settings: Settings): void {
  const { maxNewTokens, minNewTokens, beams, contrastivePenalty } = settings
  if (minNewTokens > maxNewTokens)
    throw bad(`minNewTokens must be at most maxNewTokens (${maxNewTokens}), found ${minNewTokens}.`)
  checkForced(settings)
  checkForms(options)
  checkGuesses(options, settings)
  if (beams > 1) checkBeams(options, settings)
  else refuse(options, beamed, (name) => `${name} belongs to beam search: give beams above 1.`)
  if (contrastivePenalty > 0) checkContrastive(options, settings)
  else if (beams === 1 && settings.temperature === 0) checkGreedy(options, settings)
}

/** A token cannot be asked for and removed. */
function checkForced({ forcedFirst, forcedLast, suppressTokens = [], suppressFirst, maxNewTokens }: Settings): void {
  for (const [name, forced] of Object.entries({ forcedFirst, forcedLast })) {
    const ids = [forced ?? []].flat()
    if (ids.length > 0 && ids.every((id) => suppressTokens.includes(id)))
      throw bad(`${name} is ${ids.join(', ')}, which suppressTokens removes: leave out one of the two.`)
  }
  if (forcedFirst !== undefined && suppressFirst && maxNewTokens === 1)
    throw bad('suppressFirst is for the token after forcedFirst, but maxNewTokens is 1.')
}

function checkForms(options: GenerateOptions): void {
  const forms = (['regex', 'jsonSchema', 'grammar'] as const).filter((name) => options[name] !== undefined)
  if (forms.length > 1) throw bad(`${forms.join(' and ')} each say what the text must be: give one of them.`)
}

function checkGuesses({ promptLookup, draft }: GenerateOptions, { beams, contrastivePenalty }: Settings): void {
  if (promptLookup !== undefined && draft !== undefined)
    throw bad('promptLookup and draft both guess the next tokens: leave out one of the two.')
  const name = promptLookup !== undefined ? 'promptLookup' : draft !== undefined ? 'draft' : undefined
  if (name && (beams > 1 || contrastivePenalty > 0))
    throw bad(`A search follows several texts, which ${name} does not guess: leave it out.`)
}

function checkGreedy(options: GenerateOptions, { returned }: Settings): void {
  if (returned > 1) throw bad(`returned must be 1 with temperature 0, which gives one text only, found ${returned}.`)
  refuse(options, ['sampler'], () => 'temperature 0 takes the most probable token: leave out sampler, or temperature.')
}

function checkBeams(options: GenerateOptions, settings: Settings): void {
  const { beams, returned, beamSampling, beamGroups } = settings
  if (returned > beams) throw bad(`returned must be at most beams (${beams}), found ${returned}.`)
  if (beams % beamGroups !== 0) throw bad(`beams must be a multiple of beamGroups (${beamGroups}), found ${beams}.`)
  if (beamGroups === 1)
    refuse(options, ['diversityPenalty'], () => 'diversityPenalty is between groups of beams: give beamGroups above 1.')
  if (beamGroups > 1 && beamSampling) throw bad('Groups of beams do not sample: leave out beamSampling, or beamGroups.')
  refuse(options, ['sampler', ...reports], (name) => `Beam search has no use for ${name}: leave it out, or beams.`)
  if (!beamSampling) refuseDrawing(options, (name) => `Beam search does not sample: leave out ${name}, or beams.`)
  else if (options.temperature === 0)
    throw bad('At temperature 0 nothing is drawn: leave out beamSampling, or temperature.')
}

function checkContrastive({ topK, ...options }: GenerateOptions, { beams, returned }: Settings): void {
  if (beams > 1) throw bad('Contrastive search follows one text: leave out beams, or contrastivePenalty.')
  if (returned > 1) throw bad(`Contrastive search gives one text: returned must be 1, found ${returned}.`)
  if (topK === 1) throw bad('Contrastive search chooses among several tokens: topK must be above 1, found 1.')
  refuse(options, reports, (name) => `Contrastive search cannot give ${name}: leave it out, or contrastivePenalty.`)
  refuseDrawing(options, (name) => `Contrastive search does not sample: leave out ${name}, or contrastivePenalty.`)
}

function refuse(options: GenerateOptions, names: readonly Name[], message: (name: Name) => string): void {
  const name = names.find((name) => options[name] !== undefined)
  if (name) throw bad(message(name))
}

function refuseDrawing(options: GenerateOptions, message: (name: Name) => string): void {
  refuse(options, [...(options.temperature === 0 ? [] : ['temperature' as const]), ...drawing], message)
}
