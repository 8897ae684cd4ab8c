/** Kinds of field that configs share, with messages that say what was expected. */
import * as z from 'zod'

const whole = 'a positive whole number'
export const count = z.number(whole).int(whole).positive(whole)
export const rate = z
  .number('a rate from 0 to below 1')
  .min(0, 'a rate from 0 to below 1')
  .lt(1, 'a rate from 0 to below 1')
export const epsilon = z
  .number('a small number above 0')
  .positive('a small number above 0')
  .lt(1, 'a small number above 0')
export const flag = z.boolean('true or false')
/** How far first weights spread; it changes no number of a model that is loaded. */
export const deviation = z.number('a number of 0 or more').min(0, 'a number of 0 or more')

/**
 * Fields that any config.json may have and that change no number here: who made it and how, labels of classes, what `generate` reads
 * elsewhere. A field that is neither here nor among a model's own is kept, and a warning names it.
 */
export const commonFields: readonly string[] = [
  ...[
    'architectures',
    'auto_map',
    'dtype',
    'model_type',
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
