/** `pellucid models`: what can be built, and its published sizes with exact counts; or one model in full. */
import { usageError } from '../base/errors.ts'
import { describeModel } from '../describe.ts'
import { definitions } from '../models/index.ts'
import { painter } from './color.ts'
import type { Command, Terminal } from './command.ts'
import { drawDescription } from './describe-view.ts'
import { findModel } from './described-model.ts'
import { listDownloaded } from './downloaded-models.ts'
import { filled, json } from './options.ts'

export const models: Command = {
  name: 'models',
  summary: 'the models there are, and their published sizes',
  options: [
    {
      flags: '--describe <model>',
      description:
        'modules, parameters, operations and memory of a published size, a config.json, a model or a recipe; no weights are read',
      parse: filled('--describe', 'a name or a path'),
    },
    { flags: '--downloaded', description: 'the models that were downloaded, with their sizes' },
    json,
  ],
  examples: ['models', 'models --downloaded', 'models --describe gpt2-xl', 'models --json'],
  async run({ describe, downloaded, json: asJson }, terminal) {
    if (describe !== undefined && downloaded)
      throw usageError('BAD_USAGE', 'models takes one of --describe and --downloaded.')
    if (downloaded) return await listDownloaded(asJson ?? false, terminal)
    if (describe !== undefined) return await showModel(describe, asJson, terminal)
    const list = definitions.map(({ type, paper, architecture, sizes }) => ({ type, paper, architecture, sizes }))
    if (asJson) {
      terminal.out(`${JSON.stringify(list)}\n`)
      return
    }
    const paint = painter(terminal.color)
    for (const { type, paper, architecture, sizes } of list) {
      terminal.out(`${paint.bold(type)}  ${paper}  ${paint.dim(architecture)}\n`)
      terminal.out(
        paint.dim('  size           layers  heads  width  context  vocabulary      parameters  in the paper\n'),
      )
      for (const [name, s] of Object.entries(sizes))
        terminal.out(
          `  ${name.padEnd(14)} ${String(s.layers).padStart(6)} ${String(s.heads).padStart(6)} ${String(s.width).padStart(6)} ${String(s.context).padStart(8)} ` +
            `${String(s.vocabulary).padStart(11)} ${s.parameters.toLocaleString('en-US').padStart(15)}  ${s.paper ?? ''}\n`,
        )
    }
  },
}

async function showModel(name: string, asJson: boolean, terminal: Terminal): Promise<void> {
  const { described, optimizer } = await findModel(name)
  const description = describeModel(described.format.definition, described.config, { ...(optimizer && { optimizer }) })
  if (asJson) terminal.out(`${JSON.stringify(description)}\n`)
  else terminal.out(`${drawDescription(name, description, painter(terminal.color), terminal.columns)}\n`)
}
