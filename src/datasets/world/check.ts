/** Decides whether a sentence belongs to the built-in world, its grammar and its facts, by reading it with the patterns that write it. */
import { type Miss, read } from './grammar.ts'
import { type Sentence, sentenceOf, templates } from './world.ts'

export type Check = ({ ok: true } & Sentence) | { ok: false; reason: string }

/** Reads one sentence of the world, exactly as the world writes it, with its ground truth; or says where it leaves the world. */
export function checkSentence(text: string): Check {
  const miss: Miss = { position: -1, expected: '' }
  for (const template of Object.values(templates)) {
    const words = read(template.pattern, text, miss)
    if (words) return { ok: true, ...sentenceOf(template.name, words) }
  }
  const found = text.slice(miss.position, miss.position + 20)
  return { ok: false, reason: `after "${text.slice(0, miss.position)}" expected ${miss.expected}, found "${found}"` }
}

/**
 * The sentences of a text. A sentence ends with `.`, `!` or `?` outside quotation marks, or with a quotation that ends so; a line
 * break ends one too. What follows the last end in the text is unfinished (a sample cut by its length) and is left out.
 */
export function splitSentences(text: string): string[] {
  const sentences: string[] = []
  const lines = text.split('\n')
  for (const [i, line] of lines.entries()) {
    let start = 0
    let quoted = false
    for (let at = 0; at < line.length; at++) {
      if (line[at] === '"') quoted = !quoted
      const closes = !quoted && (/[.!?]/.test(line[at]!) || (line[at] === '"' && /[.!?]/.test(line[at - 1] ?? '')))
      if (!closes || !/^( +[A-Z"]| *$)/.test(line.slice(at + 1, at + 4))) continue
      sentences.push(line.slice(start, at + 1).trim())
      start = at + 1
    }
    const rest = line.slice(start).trim()
    if (rest && i < lines.length - 1) sentences.push(rest)
  }
  return sentences
}

/** How a model's sentences fare: how many belong to the world, how many do not occur in the text it was trained on, which were wrong. */
export type Acceptance = {
  checked: number
  accepted: number
  novel: number
  rejected: { text: string; reason: string }[]
}

/** Checks sentences (or every finished sentence of a text), and counts those that are new relative to the training text. */
export function acceptance(sample: string | readonly string[], trainingText: string): Acceptance {
  const sentences = typeof sample === 'string' ? splitSentences(sample) : sample
  const rejected: Acceptance['rejected'] = []
  for (const text of sentences) {
    const check = checkSentence(text)
    if (!check.ok) rejected.push({ text, reason: check.reason })
  }
  const novel = sentences.filter((text) => !trainingText.includes(text)).length
  return { checked: sentences.length, accepted: sentences.length - rejected.length, novel, rejected }
}
