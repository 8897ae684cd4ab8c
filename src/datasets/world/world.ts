/** Stories of the built-in world: drawn from a seed one by one, each sentence with its ground truth. */
import { RandomStream, siteOf } from '../../base/random.ts'
import { draw, type Mention, mentionsOf, type Pattern, pattern, variablesOf, type Words, write } from './grammar.ts'
import { type StoryName, type StoryPlan, storyPlans } from './stories.ts'
import { type Kind, type TemplateName, type TemplateSource, type Tone, templateSources } from './templates.ts'

/** A sentence and what it means. `template` and `words` determine the rest. */
export type Sentence = { template: TemplateName; words: Words; kind: Kind; text: string }

/** A story: one paragraph. `summary` is one sentence about it (its wording is not part of the world that `checkSentence` knows). */
export type Story = { plan: StoryName; sentences: Sentence[]; text: string; summary: string }

/** A question whose answer is `text.slice(start, start + answer.length)` of its sentence. */
export type Question = { question: string; answer: string; start: number }

/** A question to a sentence: `before` is the sentence's pattern up to where the answer starts. */
type Ask = { question: Pattern; answer: Pattern; before: Pattern }
type Template = { name: TemplateName; kind: Kind; tone?: Tone; pattern: Pattern; asks: Ask[] }

function readTemplate(name: TemplateName, { kind, tone, text, asks = {} }: TemplateSource): Template {
  const main = pattern(text)
  const variables = variablesOf(main)
  const bare = text.replace(/:[\w.]+\}/g, '}')
  const readAsk = ([question, answer]: [string, string]): Ask => {
    const at = bare.indexOf(answer)
    if (at < 0) throw new Error(`"${bare}" does not contain the answer "${answer}"`)
    const [q, a, before] = [question, answer, bare.slice(0, at)].map((source) => pattern(source, variables))
    return { question: q!, answer: a!, before: before! }
  }
  return { name, kind, tone, pattern: main, asks: Object.entries(asks).map(readAsk) }
}

/** Every template, with its patterns read. */
export const templates = Object.fromEntries(
  Object.entries(templateSources).map(([name, source]) => [name, readTemplate(name as TemplateName, source)]),
) as Record<TemplateName, Template>

const plans = Object.entries(storyPlans as Record<StoryName, StoryPlan>).map(([name, plan]) => {
  const cast = pattern(plan.cast)
  return { ...plan, name: name as StoryName, cast, summary: pattern(plan.summary, variablesOf(cast)) }
})
const totalWeight = plans.reduce((sum, plan) => sum + plan.weight, 0)
const site = siteOf('world')

/** The sentence that a template makes of its words. */
export function sentenceOf(template: TemplateName, words: Words): Sentence {
  const { kind, pattern } = templates[template]
  return { template, words, kind, text: write(pattern, words) }
}

/** Where the people, things, numbers … of a sentence are mentioned, pronouns included, in order. */
export const mentions = (sentence: Sentence): Mention[] =>
  mentionsOf(templates[sentence.template].pattern, sentence.words)

/** Whether a sentence tells of something good or bad. */
export function toneOf({ template, words }: Sentence): Tone {
  const felt = Object.values(words).find((word) => word.tone)
  return templates[template].tone ?? (felt?.tone as Tone | undefined) ?? 'neutral'
}

/** Questions that a sentence answers in its own words. */
export const questions = ({ template, words, text }: Sentence): Question[] =>
  templates[template].asks.map(({ question, answer, before }) => {
    const start = write(before, words).length
    return { question: write(question, words), answer: text.slice(start, start + write(answer, words).length), start }
  })

/** Story number `index` of a seed: a pure function of both, so stories may be drawn in any order. */
export function story(seed: number, index: number): Story {
  const random = new RandomStream({ seed, purpose: 'data', step: index, site })
  let ticket = random.integer(totalWeight)
  const plan = plans.find(({ weight }) => (ticket -= weight) < 0)!
  const cast = draw(plan.cast, random)
  const sentences = plan.scenes.map((scene) => {
    const template = typeof scene === 'string' ? scene : random.pick(scene)
    const { pattern } = templates[template]
    const own = Object.fromEntries(variablesOf(pattern).flatMap((name) => (cast[name] ? [[name, cast[name]]] : [])))
    return sentenceOf(template, draw(pattern, random, own))
  })
  const text = sentences.map((sentence) => sentence.text).join(' ')
  return { plan: plan.name, sentences, text, summary: write(plan.summary, cast) }
}

/** The stories of a seed, without end. `first` starts at a later one: a held-out text, say. */
export function* stories(options: { seed: number; first?: number }): Generator<Story, never> {
  for (let index = options.first ?? 0; ; index++) yield story(options.seed, index)
}

/**
 * The text of a seed: whole stories, one a line, until there are at least `bytes` bytes (the text is ASCII: a byte is a character).
 * A longer text starts with the shorter ones of the same seed.
 */
export function worldText({ seed, bytes, first }: { seed: number; bytes: number; first?: number }): string {
  const lines: string[] = []
  let length = 0
  for (const { text } of stories({ seed, first })) {
    if (length >= bytes) break
    lines.push(text, '\n')
    length += text.length + 1
  }
  return lines.join('')
}
