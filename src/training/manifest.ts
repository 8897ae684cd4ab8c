/** The manifest of a checkpoint: written last, it says which files belong to it, what their bytes are, and what made them. */
import * as z from 'zod'
import { formatJson, writeJson } from '../base/atomic.ts'
import { checkDigest, digestOf, type FileDigest, sha256 } from '../base/digest.ts'
import { fileError, PellucidError } from '../base/errors.ts'
import { kindOf, listDirectory, path, readJson, readText } from '../base/files.ts'
import { describeProblem } from '../base/schema.ts'

/** Version of the checkpoint format. Older ones are read for ever, newer ones are refused. */
export const formatVersion = 1
export const manifestName = 'manifest.json'

const digestSchema = z.object({ bytes: z.int().nonnegative(), sha256: z.string().length(64) })
const manifestSchema = z.object({
  format: z.literal(formatVersion),
  /** Steps done. */
  step: z.int().nonnegative(),
  /** Every other file of the directory. */
  files: z.record(z.string(), digestSchema),
  /** SHA-256 of the recipe's plain form. */
  recipe: z.string(),
  /** Fingerprint of text and tokenizer. */
  data: z.string(),
  /** Versions and settings that numbers depend on. */
  environment: z.record(z.string(), z.union([z.string(), z.array(z.string()).readonly()])),
  /** SHA-256 of the rest of this manifest, as compact JSON. */
  self: z.string(),
})
export type Manifest = Readonly<Omit<z.output<typeof manifestSchema>, 'self'>>

const selfDigest = (manifest: Manifest) => sha256(JSON.stringify(manifest))

/** Writes the manifest of a directory. Files whose digests are not given are read for them. */
export async function writeManifest(
  directory: string,
  { known, ...content }: Omit<Manifest, 'format' | 'files'> & { known: Readonly<Record<string, FileDigest>> },
): Promise<void> {
  const files: Record<string, FileDigest> = {}
  for (const name of await listDirectory(directory))
    if (name !== manifestName) files[name] = known[name] ?? (await digestOf(path().join(directory, name)))
  const manifest = { format: formatVersion, ...content, files } as const
  await writeJson(path().join(directory, manifestName), { ...manifest, self: selfDigest(manifest) })
}

const advice = 'Go on from an earlier checkpoint with --allow-fallback, or put the file back.'
const damaged = (what: string, cause?: unknown) => fileError('CHECKPOINT_DAMAGED', `${what}\n${advice}`, cause)

/**
 * The manifest of a checkpoint; undefined where there is none, so that the checkpoint is not complete. Throws CHECKPOINT_DAMAGED,
 * CHECKPOINT_NEWER or CHECKPOINT_OLD.
 */
export async function readManifest(directory: string): Promise<Manifest | undefined> {
  const file = path().join(directory, manifestName)
  if (!(await kindOf(file))) return undefined
  const value = await readJson(file).catch((error) => {
    throw error instanceof PellucidError ? damaged(error.message, error) : error
  })
  const { format } = (value ?? {}) as { format?: unknown }
  if (typeof format === 'number' && Number.isInteger(format) && format > formatVersion)
    throw fileError(
      'CHECKPOINT_NEWER',
      `${file}: format ${format} was made by a newer version of Pellucid; this one reads up to ${formatVersion}. Update Pellucid.`,
    )
  if (format === undefined && typeof (value as { step?: unknown } | null)?.step === 'number')
    throw fileError(
      'CHECKPOINT_OLD',
      `${file}: has no format, so it was made before checkpoints could be verified.\n` +
        'Its weights load as a model (--set model.from=DIR goes on from them), but the run cannot be resumed.',
    )
  const parsed = manifestSchema.safeParse(value)
  if (!parsed.success) throw damaged(`${file}: ${describeProblem(parsed.error, value)}.`)
  const { self, ...manifest } = value as z.output<typeof manifestSchema>
  // A manifest has one form: not even a line break of it may differ.
  if (self !== selfDigest(manifest) || (await readText(file)) !== formatJson(value, file))
    throw damaged(`${file}: holds other bytes than were written.`)
  return manifest
}

/** Reads every file that a manifest lists. Throws CHECKPOINT_DAMAGED naming the first that is missing, cut or changed. */
export async function verifyFiles(directory: string, { files }: Manifest): Promise<void> {
  for (const [name, expected] of Object.entries(files))
    await checkDigest(path().join(directory, name), expected, 'CHECKPOINT_DAMAGED', advice)
}
