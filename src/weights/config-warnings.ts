/** What is odd about a config.json, though the model can be loaded. */
import { show } from '../base/json.ts'
import { someOf } from '../base/list.ts'
import type { ConfigFile, Format } from './format.ts'

/**
 * Fields that any config.json may have and that change no number here: who made it and how, labels of classes, what `generate` reads
 * elsewhere. A field that is neither here nor among a model's own is kept, and a warning names it.
 */
const commonFields: readonly string[] = [
  ...[
    'architectures',
    'auto_map',
    'dtype',
    'model_type',
    'quantization_config',
    'torch_dtype',
    'transformers_version',
    'transformers.js_config',
  ],
  ...['attn_implementation', 'gradient_checkpointing', 'output_attentions', 'output_hidden_states', 'output_past'],
  ...['chunk_size_feed_forward', 'return_dict', 'tf_legacy_loss', 'torchscript', 'use_bfloat16', 'use_cache'],
  ...['bos_token_id', 'decoder_start_token_id', 'eos_token_id', 'pad_token_id', 'sep_token_id'],
  ...['prefix', 'tokenizer_class', 'finetuning_task', 'problem_type', 'task_specific_params'],
  ...['id2label', 'label2id', 'num_labels', 'is_decoder', 'is_encoder_decoder', 'cross_attention_hidden_size'],
  ...['add_cross_attention', 'pruned_heads', 'tie_encoder_decoder', 'tie_word_embeddings'],
  ...['bad_words_ids', 'begin_suppress_tokens', 'diversity_penalty', 'do_sample', 'early_stopping'],
  ...['encoder_no_repeat_ngram_size', 'exponential_decay_length_penalty', 'forced_bos_token_id', 'forced_eos_token_id'],
  ...['length_penalty', 'max_length', 'min_length', 'no_repeat_ngram_size', 'num_beam_groups', 'num_beams'],
  ...['num_return_sequences', 'output_scores', 'remove_invalid_values', 'repetition_penalty'],
  ...['return_dict_in_generate', 'suppress_tokens', 'temperature', 'top_k', 'top_p', 'typical_p'],
]

/** Warnings about code that a config.json names, and about fields that nothing here understands. `name` is what they call it. */
export function configWarnings(config: ConfigFile, { known }: Format, name: string): string[] {
  const understood = new Set([...commonFields, ...known])
  // A leading underscore marks notes of the program that wrote the file.
  const unknown = Object.keys(config).filter((field) => !understood.has(field) && !/^[_$]/.test(field))
  return [
    ...(config.auto_map === undefined ? [] : [`${name}: auto_map names program code; it is never run.`]),
    ...(unknown.length === 0
      ? []
      : [`${name}: fields that are not understood are kept, but change nothing: ${someOf(unknown.map(show))}.`]),
  ]
}
