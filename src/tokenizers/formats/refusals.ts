/** Tokenizer classes whose rules tokenizer.json cannot hold: reading their files by other rules would give wrong ids. */
import { fileError } from '../../base/errors.ts'
import { entryOf } from '../field.ts'

const moses = 'cuts words by the rules of Moses (the package sacremoses)'
const jieba = 'cuts words by the dictionary of jieba'

/** By the name of the class in transformers, without `Tokenizer` and `Fast`. */
const reasons: Readonly<Record<string, string>> = {
  Bartpho: 'has two vocabularies, one within the other',
  Bertweet: 'rewrites tweets, and merges pieces that its vocabulary does not have',
  BertJapanese: 'cuts words by the dictionary of MeCab',
  BioGpt: moses,
  BlenderbotSmall: 'merges pieces that its vocabulary does not have',
  Canine: 'has no vocabulary: its ids are code points',
  Cpm: jieba,
  CpmAnt: jieba,
  CTRL: 'merges pieces that its vocabulary does not have',
  ErnieM: 'numbers the pieces by rules of its own',
  Flaubert: moses,
  FSMT: moses,
  GPTNeoXJapanese: 'folds the many spellings of Japanese words',
  MLuke: 'numbers the pieces by rules of its own',
  MyT5: 'rewrites bytes by the shape of words',
  Phobert: 'merges pieces that its vocabulary does not have',
  RoFormer: jieba,
  XLM: moses,
  XLMProphetNet: 'numbers the pieces by rules of its own',
}

/** Errors: `TOKENIZER_UNSUPPORTED` for such a class; `source` is named. */
export function refuseClass(className: string | undefined, source: string): void {
  const reason = entryOf(reasons, className)
  if (reason !== undefined)
    throw fileError(
      'TOKENIZER_UNSUPPORTED',
      `${source}: the class ${className}Tokenizer ${reason}, which tokenizer.json cannot express.\n` +
        'Expected a tokenizer.json, or another class; encode texts to ids with transformers, and give those.',
    )
}
