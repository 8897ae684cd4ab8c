/** The built-in world: a seeded generator of English stories with their ground truth, and the checker of its sentences. */
export { type Acceptance, acceptance, type Check, checkSentence, splitSentences } from './check.ts'
export type { Mention, Words } from './grammar.ts'
export type { Word } from './lexicon.ts'
export type { StoryName } from './stories.ts'
export type { Kind, TemplateName, Tone } from './templates.ts'
export {
  mentions,
  type Question,
  questions,
  type Sentence,
  type Story,
  sentenceOf,
  stories,
  story,
  toneOf,
  worldText,
} from './world.ts'
