/** `pellucid download`: a model from the Hugging Face hub into the cache that Python uses too; no other command uses the network. */
import { type Downloaded, type DownloadProgress, downloadModel } from '../hub/download.ts'
import { nameText } from '../hub/names.ts'
import { painter } from './color.ts'
import type { Command, Terminal } from './command.ts'
import { bytesText, duration } from './format.ts'
import { truncate } from './layout.ts'
import { filled, json } from './options.ts'

export const download: Command = {
  name: 'download',
  summary: 'fetch a model from the Hugging Face hub',
  arguments: [{ name: 'name', description: 'owner/name, or owner/name@revision', parse: filled('name', 'owner/name') }],
  options: [
    {
      flags: '--revision <name>',
      description: 'a branch, a tag or a commit (default: main)',
      parse: filled('--revision', 'a branch, a tag or a commit'),
    },
    {
      flags: '--include <pattern>',
      description: "files to fetch in place of what a model needs: --include '*.json'",
      parse: filled('--include', 'a pattern of file names'),
      repeat: true,
    },
    {
      flags: '--exclude <pattern>',
      description: 'files to leave out',
      parse: filled('--exclude', 'a pattern of file names'),
      repeat: true,
    },
    json,
  ],
  examples: ['download openai-community/gpt2', 'download gpt2 --revision main --json'],
  async run({ name, revision, include, exclude, json: asJson }, terminal) {
    const display = progressDisplay(terminal)
    let result: Downloaded
    try {
      result = await downloadModel(name, {
        revision,
        include,
        exclude,
        signal: terminal.signal,
        warn: (line) => display.say(line),
        onProgress: display.show,
      })
    } finally {
      display.close()
    }
    if (asJson) {
      terminal.out(`${JSON.stringify(result)}\n`)
      return
    }
    const paint = painter(terminal.color)
    const { files, bytes, transferred, directory } = result
    const came = transferred === 0 ? 'all there already' : `${bytesText(transferred)} transferred`
    terminal.note(
      paint.dim(
        `${files.length} files, ${bytesText(bytes)}, ${came}: ${nameText(result)} at ${result.commit.slice(0, 12)}\n`,
      ),
    )
    terminal.out(`${directory}\n`)
  },
}

/** Milliseconds between two pictures of the progress. */
const redraw = 100

/** One line that is drawn again on a terminal, with rate and time left; elsewhere a line for each file that is complete. */
function progressDisplay(terminal: Terminal) {
  const live = terminal.interactive
  const began = performance.now()
  let drawn = Number.NEGATIVE_INFINITY
  const clear = () => live && terminal.note('\r\x1b[K')
  return {
    show(progress: DownloadProgress): void {
      if (!live) {
        const { completed, done, files } = progress
        if (completed !== undefined) terminal.note(`${completed} (${done} of ${files})\n`)
        return
      }
      const now = performance.now()
      if (now - drawn < redraw) return
      drawn = now
      terminal.note(`\r${truncate(describe(progress, (now - began) / 1000), terminal.columns - 1)}\x1b[K`)
    },
    say(line: string): void {
      clear()
      terminal.note(`${line}\n`)
    },
    close: clear,
  }
}

/** `183 of 548 MB · 3 of 7 files · 12.3 MB/s · 29s left` */
function describe({ received, total, transferred, done, files }: DownloadProgress, seconds: number): string {
  const rate = transferred / seconds
  const parts = [`${bytesText(received)} of ${bytesText(total)}`, `${done} of ${files} files`]
  if (transferred > 0) parts.push(`${bytesText(rate)}/s`)
  // Before the first second there is no rate to speak of.
  if (transferred > 0 && seconds > 1) parts.push(`${duration((total - received) / rate)} left`)
  return parts.join(' · ')
}
