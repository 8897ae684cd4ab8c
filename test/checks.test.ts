/** The checks of `npm test` have teeth: each finds what it is there to find, in samples that are wrong on purpose. */
import { describe, expect, test } from 'vitest'
import { isAsset, isModule } from '../scripts/build.mjs'
import { brokenLinks, commandsIn, missingPaths, unlinked } from '../scripts/checks/docs.mjs'
import { isAllowed } from '../scripts/checks/licenses.mjs'
import { packReport } from '../scripts/checks/packed.mjs'
import { fits, networkReason, networkTrouble, whyInstall } from '../scripts/install.mjs'

describe('licenses', () => {
  test.each([
    'MIT',
    '(Apache-2.0 AND BSD-3-Clause)',
    'MIT OR GPL-3.0-only',
    '(GPL-2.0 OR (ISC AND MIT))',
    'GPL-2.0 AND MIT OR 0BSD',
  ])('%s is allowed', (expression) => expect(isAllowed(expression)).toBe(true))
  test.each([
    '',
    'GPL-3.0-only',
    'MIT AND GPL-3.0-only',
    'MPL-2.0',
    'SEE LICENSE IN LICENSE.md',
    '(MIT OR ISC) AND UNLICENSED',
  ])('"%s" is refused', (expression) => expect(isAllowed(expression)).toBe(false))
})

describe('documents', () => {
  test('links to files and headings that are not there are found', () => {
    const text =
      '# A heading, 2!\n[a](#a-heading-2) [b](README.md) [c](https://example.org/) [d](gone.md) [e](#gone) [f](LICENSE#x)'
    expect(brokenLinks('CHANGELOG.md', text)).toEqual(['gone.md', '#gone', 'LICENSE#x'])
    expect(brokenLinks('docs/x.md', '[up](../README.md) [down](README.md)')).toEqual(['README.md'])
    expect(brokenLinks('CHANGELOG.md', '```md\n[in a sample](gone.md)\n```\n')).toEqual([])
  })
  test('paths that are not there are found, placeholders left alone', () => {
    expect(missingPaths('`src/base/errors.ts` `src/gone.ts` `src/models/<name>.ts` `test/`, src/plain.ts')).toEqual([
      'src/gone.ts',
    ])
  })
  test('documents that nothing links to are found', () => {
    const texts = new Map([
      ['README.md', '[a](docs/a.md)'],
      ['docs/a.md', '[b](sub/b.md#x)'],
      ['docs/sub/b.md', ''],
      ['docs/c.md', '[myself](c.md)'],
    ])
    expect(unlinked(texts)).toEqual(['docs/c.md'])
  })
  test('commands are found in shell blocks and inline code', () => {
    const text =
      'Run `npm test` or `pellucid doctor`.\n```sh\n$ npx pellucid train --out x   # why\nls\n```\n```ts\nnpm start\n```\n'
    expect(commandsIn(text)).toEqual(['pellucid train --out x', 'npm test', 'pellucid doctor'])
  })
})

describe('installation', () => {
  test.each([
    [undefined, true],
    [['linux'], true],
    [['darwin', 'win32'], false],
    [['!win32'], true],
    [['!linux'], false],
  ])('os %j on linux: %s', (list, expected) => expect(fits(list, 'linux')).toBe(expected))
  test('this clone is complete', () => expect(whyInstall()).toBeUndefined())
  test('a network failure is told from others, by the line that says most', () => {
    const output =
      'npm error code ECONNREFUSED\nnpm error FetchError: request to http://host/zod failed, reason: connect ECONNREFUSED\n'
    expect(networkTrouble.test(output)).toBe(true)
    expect(networkReason(output)).toBe('FetchError: request to http://host/zod failed, reason: connect ECONNREFUSED')
    expect(networkTrouble.test('npm error code EINTEGRITY\nnpm error sha512 is not what was expected')).toBe(false)
    expect(networkTrouble.test('npm error code ERESOLVE')).toBe(false)
  })
})

describe('package', () => {
  test.each([
    ['nn/linear.ts', true, false],
    ['nn/linear.test.ts', false, false],
    ['ops/op.suite.ts', false, false],
    ['training/optimizers/assembly/kernel.ts', false, false],
    ['training/kernel.wasm', false, true],
    ['training/kernel.d.ts', false, true],
    ['onnx/onnx.proto', false, false],
  ])('%s: module %s, asset %s', (file, module, asset) =>
    expect([isModule(file), isAsset(file)]).toEqual([module, asset]),
  )
  test('npm reports packages as an array or as an object', () => {
    expect(packReport('[{ "size": 1 }]')).toEqual({ size: 1 })
    expect(packReport('{ "pellucid": { "size": 1 } }')).toEqual({ size: 1 })
  })
})
