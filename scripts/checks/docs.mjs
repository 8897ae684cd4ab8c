/** The documents tell the truth: their program runs, their links, paths and commands exist, and the README stays short. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { filesUnder } from '../build.mjs'
import { node, root } from '../process.mjs'
import { tryProgram } from './program.mjs'
import { hasBuild } from './tools.mjs'

const documents = () => [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...filesUnder(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]

/** The anchor of a heading, as the usual renderers make it. */
const slug = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

const withoutFences = (text) => text.replace(/^```[\s\S]*?^```$/gm, '')
const anchors = (text) => [...withoutFences(text).matchAll(/^#+ (.*)$/gm)].map((match) => slug(match[1]))

/** Links of a document that lead nowhere; addresses on the network are not visited. */
export function brokenLinks(file, text) {
  const broken = []
  for (const [, target] of withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue
    const [path, anchor] = target.split('#')
    const absolute = path ? join(root, dirname(file), path) : join(root, file)
    if (!existsSync(absolute)) broken.push(target)
    else if (anchor && !anchors(path ? readFileSync(absolute, 'utf8') : text).includes(anchor)) broken.push(target)
  }
  return broken
}

/** Documents that no other document links to, so that nobody would find them. The README is where one begins. */
export function unlinked(texts) {
  const linked = new Set(['README.md'])
  for (const [file, text] of texts) {
    for (const [, target] of withoutFences(text).matchAll(/\]\(([^)\s#]+)/g)) {
      const path = join(dirname(file), target).split('\\').join('/')
      if (path !== file) linked.add(path)
    }
  }
  return [...texts.keys()].filter((file) => !linked.has(file))
}

/** Paths in backticks below our own folders that do not exist. Placeholders (`src/models/<name>.ts`, `*`) are left alone. */
export const missingPaths = (text) =>
  [...withoutFences(text).matchAll(/`((?:src|test|scripts|docs|recipes|examples|bench|\.ci)\/[^`\s]*)`/g)]
    .map((match) => match[1])
    .filter((path) => !/[<>*…{]/.test(path) && !existsSync(join(root, path)))

/** Command lines of a document: inline code and lines of shell blocks that begin with npm or pellucid. */
export function commandsIn(text) {
  const blocks = [...text.matchAll(/^```(?:sh|bash|console)\n([\s\S]*?)^```$/gm)].flatMap((match) =>
    match[1].split('\n'),
  )
  const inline = [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map((match) => match[1])
  return [...blocks, ...inline]
    .map((line) =>
      line
        .replace(/^\$ /, '')
        .replace(/^npx /, '')
        .replace(/\s#.*$/, '')
        .trim(),
    )
    .filter((line) => /^(npm (start|test|run|ci)|pellucid)\b/.test(line))
}

const helpTexts = new Map()
/** `pellucid … --help`, once for each command. */
async function help(words) {
  const key = words.join(' ')
  if (!helpTexts.has(key)) {
    helpTexts.set(key, await node([join(root, 'dist/cli/main.js'), ...words, '--help'], { quiet: true, seconds: 30 }))
  }
  return helpTexts.get(key)
}

/** What is wrong with a command line, or undefined. */
async function problemWith(command) {
  const words = command.split(/\s+/)
  if (words[0] === 'npm') {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const script = words[1] === 'run' ? words[2] : words[1]
    if (script === 'ci' || scripts[script]) return undefined
    return `package.json has no script ${script}`
  }
  const end = words.findIndex((word, i) => i > 0 && !/^[a-z-]*[a-z]$/.test(word))
  const name = words.slice(1, end < 0 ? undefined : end).filter((word) => !word.startsWith('-'))
  const { code, output } = await help(name.slice(0, 2))
  if (code !== 0) return `pellucid ${name.join(' ')} --help ends with exit code ${code}`
  const flags = words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=')[0])
  const unknown = flags.filter((flag) => !output.includes(flag))
  if (unknown.length > 0) return `its help does not know ${unknown.join(', ')}`
}

/** Runs the README's program in a folder that sees this clone as its installed `pellucid`. */
async function programInClone(report) {
  const folder = mkdtempSync(join(tmpdir(), 'pellucid-readme-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }')
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(root, join(folder, 'node_modules/pellucid'), 'junction')
    await tryProgram(report, folder, 'in this clone')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const docs = {
  name: 'docs',
  about: 'the README runs; links, paths and commands in the documents exist',
  run: async (report) => {
    const { readmeWords } = JSON.parse(readFileSync(join(root, 'test/budgets.json'), 'utf8'))
    const words = readFileSync(join(root, 'README.md'), 'utf8').trim().split(/\s+/).length
    if (words <= readmeWords) report.pass()
    else report.fail('README.md', `${words} words; ${readmeWords} are enough`)

    const orphans = unlinked(new Map(documents().map((file) => [file, readFileSync(join(root, file), 'utf8')])))
    for (const file of orphans) report.fail(file, 'no other document links to it')
    if (orphans.length === 0) report.pass()

    const built = await hasBuild(report, 'commands in the documents, README program')
    for (const file of documents()) {
      const text = readFileSync(join(root, file), 'utf8')
      const problems = [
        ...brokenLinks(file, text).map((target) => `the link ${target} leads nowhere`),
        ...missingPaths(text).map((path) => `${path} does not exist`),
      ]
      for (const command of built ? new Set(commandsIn(text)) : []) {
        const problem = await problemWith(command)
        if (problem) problems.push(`"${command}": ${problem}`)
        else report.pass()
      }
      if (problems.length > 0) report.fail(file, problems.join('\n'))
      else report.pass()
    }
    if (built) await programInClone(report)
  },
}
