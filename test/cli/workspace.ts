/** A folder for command-line tests: a tiny trained model, texts good and bad, removed afterwards. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cli } from './terminal.ts'

/** What keeps a run on a small text short. */
export const tiny = ['model.layers=1', 'model.heads=2', 'model.width=16', 'batchSize=2', 'contextLength=16'].flatMap(
  (field) => ['--set', field],
)

const text = Array.from({ length: 60 }, (_, i) => `Day ${i}. The cat saw ${i % 7} birds, and “naïve” 🐑 ran.\r\n`).join(
  '',
)

/** Makes the folder current, with model/, text.txt, bad-utf8.txt, empty.txt, short.txt. */
export async function openWorkspace() {
  const before = process.cwd()
  const folder = mkdtempSync(join(tmpdir(), 'pellucid-cli-'))
  process.chdir(folder)
  writeFileSync('text.txt', text)
  writeFileSync('bad-utf8.txt', Buffer.concat([Buffer.from('héllo '), Buffer.of(0xff), Buffer.from(text)]))
  writeFileSync('empty.txt', '')
  writeFileSync('short.txt', 'Too short.')
  const argv = ['train', '--data', 'text.txt', '--out', 'model', ...tiny, '--set', 'steps=2', '--json']
  const { code, err } = await cli([...argv, '--set', 'tokenizer.vocabularySize=300'])
  if (code !== 0) throw new Error(`The tiny model could not be trained: ${err}`)
  return {
    folder,
    /** Names of everything in it, with sizes and times of the files. */
    snapshot: () =>
      readdirSync(folder, { recursive: true })
        .map((name) => {
          const stat = statSync(join(folder, String(name)))
          return stat.isFile() ? `${name} ${stat.size} ${stat.mtimeMs}` : `${name}/`
        })
        .sort()
        .join('\n'),
    read: (name: string) => readFileSync(join(folder, name), 'utf8'),
    close() {
      process.chdir(before)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
