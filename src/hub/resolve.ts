/** MODEL, wherever it may stand: a directory, or the name of a model that was downloaded. Never asks the network. */
import { fileError } from '../base/errors.ts'
import { kindOf } from '../base/files.ts'
import { findSnapshot } from './cache.ts'
import { hubEnvironment } from './environment.ts'
import { nameText, parseName } from './names.ts'

/**
 * The directory of a model: what the text leads to if something is there, else the snapshot of the downloaded model of that name. A
 * text that cannot be a name is returned as it is. Throws FILE_NOT_FOUND, saying how to download it.
 */
export async function resolveModel(source: string): Promise<string> {
  const name = parseName(source)
  if (!name || (await kindOf(source)) !== undefined) return source
  const { cache } = hubEnvironment()
  const directory = await findSnapshot(cache, name)
  if (directory !== undefined) return directory
  throw fileError(
    'FILE_NOT_FOUND',
    `${source}: no such model directory, and no downloaded model of this name (in ${cache}).\n` +
      `Check the path, or fetch it: pellucid download ${nameText(name)}`,
  )
}
