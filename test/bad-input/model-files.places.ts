/** Things in the place of model files: nothing, folders, pipes, sockets, links that lead nowhere or in a circle. */
import { execFileSync } from 'node:child_process'
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import type { ModelDirectory } from './model-files.fixture.ts'
import type { ModelCase } from './model-files.ts'

const notWindows = process.platform === 'win32' ? 'Windows has no named pipes and restricts links' : undefined

const isRoot = process.getuid?.() === 0 ? 'root may read every file' : undefined

type Odd = readonly [what: string, make: (model: ModelDirectory, name: string) => void, code: string, says: string]

/** What may lie where a file is expected. */
const odd: readonly Odd[] = [
  ['a directory', (model, name) => model.folder(name), 'IS_A_DIRECTORY', 'is a directory, expected a file'],
  [
    'a pipe that nobody writes to',
    (model, name) => void execFileSync('mkfifo', [model.at(name)]),
    'NOT_A_FILE',
    'is a pipe, socket or device',
  ],
  ['a device', (model, name) => symlinkSync('/dev/zero', model.at(name)), 'NOT_A_FILE', 'is a pipe, socket or device'],
  ['a link to itself', (model, name) => symlinkSync(name, model.at(name)), 'LINK_LOOP', 'lead in a circle'],
  [
    'links in a circle',
    (model, name) => {
      symlinkSync('other', model.at(name))
      symlinkSync(name, model.at('other'))
    },
    'LINK_LOOP',
    'lead in a circle',
  ],
]

const files = ['config.json', 'model.safetensors', 'generation_config.json']

const gone = (name: string, says: RegExp): ModelCase => ({
  name: `${name}: a link to a file that is gone`,
  build: (model) => {
    model.remove(name)
    symlinkSync('blobs/gone', model.at(name))
  },
  code: 'FILE_NOT_FOUND',
  says,
  skip: notWindows,
})

export const placeCases: readonly ModelCase[] = [
  ...files.flatMap((name) =>
    odd.map(
      ([what, make, code, says]): ModelCase => ({
        name: `${name}: ${what}`,
        build: (model) => {
          model.remove(name)
          make(model, name)
        },
        code,
        says: new RegExp(`${name.replace('.', '\\.')}: .*${says}`),
        skip: notWindows,
      }),
    ),
  ),
  ...files.slice(0, 2).map(
    (name): ModelCase => ({
      name: `${name}: without the right to read it`,
      build: (model) => chmodSync(model.at(name), 0),
      code: 'PERMISSION_DENIED',
      says: new RegExp(`${name.replace('.', '\\.')}: could not read: permission denied`),
      skip: notWindows ?? isRoot,
    }),
  ),
  gone('config.json', /config\.json: a link to a file that is not there/),
  gone('model.safetensors', /model\.safetensors: a link to a file that is not there/),
  {
    name: 'shards: a pipe in place of one',
    build: (model) => {
      model.shards()
      model.remove('b.safetensors')
      execFileSync('mkfifo', [model.at('b.safetensors')])
    },
    code: 'NOT_A_FILE',
    says: /b\.safetensors: is a pipe/,
    skip: notWindows,
  },
  {
    name: 'shards: a folder in place of the index',
    build: (model) => {
      model.remove('model.safetensors')
      model.folder('model.safetensors.index.json')
    },
    code: 'IS_A_DIRECTORY',
    says: /index\.json: is a directory/,
  },
  {
    name: 'directory: no such one',
    build: () => {},
    open: 'nowhere',
    code: 'FILE_NOT_FOUND',
    says: /nowhere: no such model directory/,
  },
  {
    name: 'directory: a file',
    build: () => {},
    open: 'model.safetensors',
    code: 'NOT_A_DIRECTORY',
    says: /model\.safetensors: is a file, expected a model directory/,
  },
  {
    name: 'directory: below a file',
    build: () => {},
    open: 'config.json/model',
    code: 'FILE_NOT_FOUND',
    says: /config\.json\/model: no such model directory/,
  },
  {
    name: 'directory: a name of 5000 letters',
    build: () => {},
    open: 'x'.repeat(5000),
    code: 'NAME_TOO_LONG',
    says: /the name is too long/,
  },
  {
    name: 'directory: empty',
    build: (model) => {
      for (const name of files) model.remove(name)
    },
    code: 'NO_CONFIG',
    says: /holds no config\.json, so it is not a model directory/,
  },
  {
    name: 'directory: no config.json',
    build: (model) => model.remove('config.json'),
    code: 'NO_CONFIG',
    says: /holds no config\.json/,
  },
  {
    name: 'directory: no weights',
    build: (model) => model.remove('model.safetensors'),
    code: 'NO_WEIGHTS',
    says: /holds no weights \(expected model\.safetensors or model\.safetensors\.index\.json\)\.\nIt holds config\.json/,
  },
  ...['pytorch_model.bin', 'model.pth', 'model.ckpt'].map(
    (pickle): ModelCase => ({
      name: `directory: only ${pickle}`,
      build: (model) => {
        model.remove('model.safetensors')
        writeFileSync(model.at(pickle), 'PK')
      },
      code: 'NO_WEIGHTS',
      says: new RegExp(`${pickle.replace('.', '\\.')} is a PyTorch pickle, which is never read`),
    }),
  ),
]
