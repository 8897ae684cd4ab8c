/** The committed kernel is what its source compiles to. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { generatedFile, generateKernel } from '../../../scripts/build-kernel.ts'

test('kernel.generated.ts equals a fresh compilation (else: npm run build:kernel)', async () => {
  expect(await readFile(generatedFile, 'utf8')).toBe(await generateKernel())
})
