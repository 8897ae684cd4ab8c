/** What `pellucid models --downloaded` lists: the models in the cache that is shared with Python, with their sizes. */
import { listCached } from '../hub/cache.ts'
import { hubEnvironment } from '../hub/environment.ts'
import { isCommit, nameText } from '../hub/names.ts'
import { painter } from './color.ts'
import type { Terminal } from './command.ts'
import { bytesText } from './format.ts'

/** The name to give to a command for each model; the network is not asked. */
export async function listDownloaded(asJson: boolean, terminal: Terminal): Promise<void> {
  const { cache } = hubEnvironment()
  const found = (await listCached(cache)).map((each) => ({ name: nameText(each), ...each }))
  if (asJson) {
    terminal.out(`${JSON.stringify(found)}\n`)
    return
  }
  const paint = painter(terminal.color)
  const width = Math.max(0, ...found.map(({ name }) => name.length))
  for (const { name, bytes, files, revision, commit } of found) {
    const of = isCommit(revision) ? '' : `  ${commit.slice(0, 12)}`
    terminal.out(`${name.padEnd(width)}  ${bytesText(bytes).padStart(11)}  ${paint.dim(`${files} files${of}`)}\n`)
  }
  if (found.length === 0) terminal.note(`No models in ${cache}. Fetch one: pellucid download owner/name\n`)
}
