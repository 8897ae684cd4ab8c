/** `pellucid models`: what can be built, and its published sizes with exact counts. */
import { definitions } from '../models/index.ts'
import { painter } from './color.ts'
import type { Command } from './command.ts'
import { json } from './options.ts'

export const models: Command = {
  name: 'models',
  summary: 'the models there are, and their published sizes',
  options: [json],
  examples: ['models', 'models --json'],
  async run({ json: asJson }, terminal) {
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
