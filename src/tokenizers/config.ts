/** tokenizer_config.json: which tokens begin and end a text, pad it, stand for the unknown; everything else in it is kept. */
import type { Field, Json } from './field.ts'

/** What a token is for. */
export const tokenRoles = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'] as const
export type TokenRole = (typeof tokenRoles)[number]

/** The tokens that have a role. */
export type NamedTokens = { readonly [role in TokenRole]?: string }

/** `"bos_token": "<s>"`, or as an object with its `content`. */
export function readNamedTokens(config: Field): NamedTokens {
  const named: { [role in TokenRole]?: string } = {}
  for (const role of tokenRoles) {
    const token = config.get(`${role}_token`)
    if (!token.missing) named[role] = typeof token.value === 'string' ? token.value : token.get('content').string()
  }
  return named
}

/** A tokenizer_config.json for these tokens, over what the file held that was read, if one was. */
export function configJson(named: NamedTokens, kept: Json): Json {
  return {
    clean_up_tokenization_spaces: false,
    model_max_length: 1e30,
    tokenizer_class: 'PreTrainedTokenizerFast',
    ...kept,
    ...Object.fromEntries(tokenRoles.flatMap((role) => (role in named ? [[`${role}_token`, named[role]]] : []))),
  }
}
