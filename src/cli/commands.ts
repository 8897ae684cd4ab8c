/** Every command, in the order help lists them; each is loaded when it is asked for. */
import type { Command } from './command.ts'

export type CommandEntry = { readonly name: string; readonly summary: string; readonly load: () => Promise<Command> }

/** What a command's module must export: its record, under its own name. */
const entry = (name: string, summary: string, load: () => Promise<Command>): CommandEntry => ({ name, summary, load })

export const commands: readonly CommandEntry[] = [
  entry(
    'start',
    'train, write and look inside, on the built-in text or your own',
    async () => (await import('./start.ts')).start,
  ),
  entry('train', 'train a model from a recipe', async () => (await import('./train.ts')).train),
  entry('generate', 'write text with a model', async () => (await import('./generate.ts')).generate),
  entry('chat', 'talk with a model', async () => (await import('./chat.ts')).chat),
  entry('evaluate', 'perplexity of a text', async () => (await import('./evaluate.ts')).evaluate),
  entry(
    'inspect',
    'look inside: token surprises, attentions, states and gradients',
    async () => (await import('./inspect.ts')).inspect,
  ),
  entry('tokenize', 'text to tokens', async () => (await import('./tokenize.ts')).tokenize),
  entry('tokenizer', 'make tokenizers', async () => (await import('./tokenizer.ts')).tokenizer),
  entry('download', 'fetch a model from the Hugging Face hub', async () => (await import('./download.ts')).download),
  entry('quantize', 'store a model in 8 or 4 bits a weight', async () => (await import('./quantize.ts')).quantize),
  entry('models', 'the models there are, and their published sizes', async () => (await import('./models.ts')).models),
  entry('recipes', 'ready-made recipes for training', async () => (await import('./recipes.ts')).recipes),
  entry('doctor', 'what runs here, and how to mend what does not', async () => (await import('./doctor.ts')).doctor),
  entry('bench', 'how fast this machine multiplies, trains and writes', async () => (await import('./bench.ts')).bench),
]
