/** Loading a spoiled model for a test, and making it write. */
import { type LoadOptions, loadModel, type Model } from '../../src/model.ts'
import { ModelDirectory } from './model-files.fixture.ts'

/** Loads a spoiled model and hands it over with its warnings; nothing is left behind. */
export async function loaded<T>(
  spoil: (model: ModelDirectory) => unknown,
  options: LoadOptions,
  use: (model: Model, warnings: readonly string[], directory: ModelDirectory) => Promise<T>,
): Promise<T> {
  const directory = new ModelDirectory()
  const warnings: string[] = []
  try {
    spoil(directory)
    const model = await loadModel(directory.path, {
      runtime: 'reference',
      warn: (line) => warnings.push(line),
      ...options,
    })
    try {
      return await use(
        model,
        warnings.map((line) => line.replaceAll(`${directory.path}/`, '')),
        directory,
      )
    } finally {
      await model.dispose()
    }
  } finally {
    directory.dispose()
  }
}

/** Two given tokens and three more. */
export const write = async (model: Model): Promise<readonly number[]> =>
  (await model.complete([1, 2], { maxNewTokens: 3, temperature: 0 })).sequences[0]!.ids
