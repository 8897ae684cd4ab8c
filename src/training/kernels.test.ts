/** The committed kernels are what their sources compile to. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { generatedFile, generateKernel, kernelNames } from '../../scripts/build-kernel.ts'

test.each(kernelNames)(
  '%s/kernel.generated.ts equals a fresh compilation (else: npm run build:kernel)',
  async (name) => {
    expect(await readFile(generatedFile(name), 'utf8')).toBe(await generateKernel(name))
  },
)
