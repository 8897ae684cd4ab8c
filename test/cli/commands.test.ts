/** What every command does when all is well: its result, as text and as JSON, and the story of `start`. */
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { writeSafetensors } from '../../src/weights/safetensors-write.ts'
import { type Conditions, cli } from './terminal.ts'
import { openWorkspace, tiny } from './workspace.ts'

let workspace: Awaited<ReturnType<typeof openWorkspace>>
beforeAll(async () => {
  workspace = await openWorkspace()
})
afterAll(() => workspace.close())

/** Runs a command line that must succeed. */
async function succeed(line: string | readonly string[], conditions: Conditions = {}) {
  const outcome = await cli(typeof line === 'string' ? line.split(' ') : line, conditions)
  expect(outcome.err.replace(/^A small text.*\n|\nThe model is in.*\n/gm, '')).not.toMatch(/wrong|error/i)
  expect(outcome.code).toBe(0)
  return outcome
}
// biome-ignore lint/suspicious/noExplicitAny: what it must hold is what the tests say
const json = (text: string): any => JSON.parse(text)
const jsonLines = (text: string) => text.trimEnd().split('\n').map(json)

describe('help', () => {
  test.each([[], ['--help'], ['-h'], ['help']].map((argv) => [argv.join(' '), argv] as const))(
    'pellucid %s lists every command',
    async (_, argv) => {
      const { out, err } = await succeed(argv)
      expect(err).toBe('')
      for (const { name } of commands) expect(out).toMatch(new RegExp(`^ {2}${name} `, 'm'))
    },
  )

  test.each([...commands.map(({ name }) => [name]), ['tokenizer', 'train']])(
    'pellucid %s %s --help',
    async (...words) => {
      const argv = words.filter(Boolean)
      const { out, err } = await succeed([...argv, '--help'])
      expect(err).toBe('')
      expect(out).toMatch(`Usage: pellucid ${argv.join(' ')}`)
      expect(out).toMatch(/--help/)
      expect(out).not.toMatch(/default: (none|\[\])|\(default: \)/)
    },
  )

  test('help COMMAND is COMMAND --help', async () => {
    const argv = ['tokenizer', 'train']
    expect(await succeed(['help', ...argv])).toEqual(await succeed([...argv, '--help']))
  })

  test('--version', async () => expect((await succeed('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/))
})

describe('train', () => {
  test('plain lines off a terminal, a model directory, and going on', async () => {
    const { out, err } = await succeed(['train', '--data', 'text.txt', '--out', 'run', ...tiny, '--set', 'steps=3'])
    expect(out).toMatch(/^step 3\/3 {2}loss \d/m)
    expect(out).toMatch(/^done after 3 steps/m)
    expect(out).not.toContain('\x1b')
    expect(err).toContain('pellucid generate run')
    expect(existsSync('run/model.safetensors')).toBe(true)
    const more = await succeed('train --resume --out run --set steps=5 --json')
    const events = jsonLines(more.out)
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ type: 'start', step: 3 })
    expect(events.at(-1)).toMatchObject({ type: 'end', step: 5, finished: true })
  })

  test('a signal ends it with a checkpoint and the words to go on', async () => {
    const controller = new AbortController()
    const argv = ['train', '--data', 'text.txt', '--out', 'stopped', ...tiny, '--set', 'steps=100000']
    const { code, err, out } = await cli(argv, {
      signal: controller.signal,
      onOut: (text) => text.includes('step 1/') && controller.abort(130),
    })
    expect(code).toBe(130)
    expect(out).toMatch(/stopped after \d+ steps/)
    expect(err).toContain('pellucid train --resume --out stopped')
    expect(existsSync('stopped/checkpoints')).toBe(true)
  })
})

describe('generate', () => {
  test('tells what the model gave each token, as JSON or as a table', async () => {
    const line =
      'generate model --prompt The --max-new-tokens 3 --min-new-tokens 3 --seed 3 --logprobs 2 --prompt-logprobs 0'
    const [told] = json((await succeed(`${line} --json`)).out).sequences
    expect(told.tokens.map(({ id }: { id: number }) => id)).toEqual(told.ids.slice(told.promptLength))
    expect(told.promptTokens.map(({ id }: { id: number }) => id)).toEqual(told.ids.slice(0, told.promptLength))
    for (const { logprob, alternatives } of told.tokens) {
      expect(alternatives).toHaveLength(2)
      expect(alternatives[0].logprob).toBeGreaterThanOrEqual(Math.max(logprob, alternatives[1].logprob))
    }
    const lines = (await succeed(line)).out.trimEnd().split('\n').slice(-told.ids.length)
    for (const [i, { id, logprob, alternatives }] of [...told.promptTokens, ...told.tokens].entries()) {
      expect(lines[i]).toMatch(new RegExp(`^ *${id} "`))
      if (logprob !== undefined) expect(lines[i]).toContain(` ${logprob.toFixed(4)} `)
      expect(lines[i]!.match(/%/g) ?? []).toHaveLength(logprob === undefined ? 0 : 1 + alternatives.length)
    }
  })

  test('has a flag for every way of choosing tokens', async () => {
    const flags =
      '--min-length 2 --length-decay 2,1.1 --min-p 0.01 --typical-p 0.9 --epsilon-cutoff 0.0001 --eta-cutoff 0.0001 --repetition-penalty 1.1 --encoder-repetition-penalty 0.9 --presence-penalty -0.5 --frequency-penalty 0.5 --no-repeat-ngram 2 --encoder-no-repeat-ngram 3 --logit-bias 5=-1 --logit-bias 6,7=2 --bad-words cat --suppress-tokens 20,21 --suppress-first 22 --forced-first 10 --forced-last 11,12'
    const [found] = json(
      (await succeed(`generate model --prompt The --max-new-tokens 6 --json ${flags}`)).out,
    ).sequences
    const written = found.ids.slice(found.promptLength)
    expect(written[0]).toBe(10)
    if (found.finish === 'length') expect([11, 12]).toContain(written[5])
    for (const search of [
      '--beams 4 --beam-groups 2 --diversity-penalty 1',
      '--beams 2 --beam-sampling --top-p 0.9 --seed 1',
      '--contrastive-penalty 0.6 --top-k 3',
    ])
      expect(
        json((await succeed(`generate model --prompt The --max-new-tokens 3 --json ${search}`)).out).sequences,
      ).toHaveLength(1)
  })

  test('the same seed gives the same text, streamed or as JSON', async () => {
    const line = 'generate model --prompt The --max-new-tokens 12 --seed 3'
    const { out } = await succeed(line)
    const { sequences } = json((await succeed(`${line} --json`)).out)
    expect(out).toBe(`The${sequences[0]!.text.slice(sequences[0]!.text.startsWith('The') ? 3 : 0)}\n`)
  })

  test('several prompts, ids, beams, a file, a prompt that looks like a flag', async () => {
    const several = json((await succeed('generate model --prompt a --prompt b --max-new-tokens 3 --json')).out)
    expect(several.sequences).toHaveLength(2)
    const ids = json((await succeed('generate model --prompt-ids 5,17 --max-new-tokens 3 --temperature 0 --json')).out)
    expect(ids.sequences[0]).toMatchObject({ ids: expect.arrayContaining([5, 17]) })
    const beams = json(
      (await succeed('generate model --prompt a --beams 3 --returned 2 --max-new-tokens 3 --json')).out,
    )
    expect(beams.sequences).toHaveLength(2)
    expect((await succeed('generate model --prompt=--seed --max-new-tokens 2')).out).toMatch(/^--seed/)
    writeFileSync('prompt.txt', 'From a file')
    expect((await succeed('generate model --prompt-file prompt.txt --max-new-tokens 2')).out).toMatch(/^From a file/)
  })

  test('text of a form', async () => {
    const { out } = await succeed('generate model --prompt The --regex [a-c]{5} --seed 3')
    expect(out).toMatch(/^The[a-c]{5}\n$/)
    writeFileSync('schema.json', '{ "type": "array", "items": { "enum": [1, 22] }, "minItems": 2, "maxItems": 3 }')
    const listed = json((await succeed('generate model --prompt a --json-schema schema.json --json')).out)
    expect(JSON.stringify(JSON.parse(listed.sequences[0]!.text))).toMatch(/^\[(?:1|22)(?:,(?:1|22)){1,2}\]$/)
    expect((await succeed('generate model --prompt a --json-schema {"const":"b"}')).out).toMatch(/^a\s*"b"\n$/)
    writeFileSync('sum.gbnf', 'root ::= [0-9] ("+" [0-9]){2}\n')
    expect((await succeed('generate model --prompt a --grammar sum.gbnf')).out).toMatch(/^a\d\+\d\+\d\n$/)
    for (const [text, problem] of [
      ['root ::= [0-9', /^bad\.gbnf: The grammar, line 1, column 14: the class does not end\.$/m],
      ['root ::= root "a" | "b"', /bad\.gbnf: The grammar's rule root begins with itself/],
    ] as const) {
      writeFileSync('bad.gbnf', text)
      const { code, err } = await cli(['generate', 'model', '--grammar', 'bad.gbnf'])
      expect(code).toBe(3)
      expect(err).toMatch(problem)
      expect(err.trim().split('\n').length).toBeLessThanOrEqual(3)
    }
  })

  test('a signal ends it quietly', async () => {
    const controller = new AbortController()
    controller.abort(130)
    const { code, err } = await cli(['generate', 'model', '--prompt', 'a'], { signal: controller.signal })
    expect({ code, err }).toEqual({ code: 130, err: '' })
  })

  test('control characters that a model writes do not reach a terminal', async () => {
    const argv = ['generate', 'model', '--prompt', '\x1b]0;title\x07', '--max-new-tokens', '400', '--temperature', '3']
    const { out } = await succeed(argv, { interactive: true })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(out).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
  })
})

test('evaluate', async () => {
  const { out } = await succeed('evaluate model --data text.txt')
  const { perplexity } = json((await succeed('evaluate model --data text.txt --json')).out)
  expect(out).toContain(`perplexity ${perplexity.toFixed(3)}`)
})

describe('inspect', () => {
  test('a text, with and without color', async () => {
    const plain = await succeed(['inspect', 'model', '--text', 'The cat\tsaw\nbirds.'])
    expect(plain.out).toMatch(/what could come next/)
    expect(plain.out).not.toContain('\x1b')
    const colored = await succeed(['inspect', 'model', '--text', 'The cat'], { interactive: true, color: true })
    expect(colored.out).toContain('\x1b[48;5;')
    expect((await succeed(['inspect', 'model', '--text', 'T'])).out).not.toContain('NaN')
  })

  test('views, one below the other, and their numbers', async () => {
    const line = ['inspect', 'model', '--text', 'The cat saw', '--attention', '0.1', '--attention', 'auto', '--norms']
    const all = [...line, '--logit-lens', '--surprises', '--capture', '**.mlp', '--top', '2']
    const { out } = await succeed(all)
    expect(out).toMatch(/expected in its place[\s\S]*layer 0, head 1[\s\S]*norms of[\s\S]*logit lens[\s\S]*h\.0\.mlp/)
    const report = json((await succeed([...all, '--json'])).out)
    const count = report.tokens.length
    expect(report.attention).toHaveLength(2)
    expect(report.attention[0]).toMatchObject({ layer: 0, head: 1 })
    expect(report.attention[0].weights).toHaveLength(count)
    expect(report.norms.layers[0].adds.mlp).toHaveLength(count)
    expect(report.logitLens.settled).toHaveLength(count)
    expect(report.tokens[1].alternatives).toHaveLength(2)
    expect(report.captured['transformer.h.0.mlp']).toMatchObject({ shape: [1, count, 16], nonfinite: 0 })
    const only = await succeed([...line.slice(0, 4), '--norms'])
    expect(only.out).not.toContain('what could come next')
    const hinted = await succeed(line.slice(0, 4), { interactive: true })
    expect(hinted.out).toContain('--logit-lens')
  })

  test('captured values without a file to write: a table', async () => {
    const { out } = await succeed('inspect model --text cat --capture attentions --capture **.ln_f')
    expect(out).toMatch(
      /path +shape +mean +deviation +min +max\n +attentions\.0 +\[1, 2, \d+, \d+\][\s\S]*transformer\.ln_f/,
    )
    const { ids } = json((await succeed('tokenize model cat --json')).out)
    const input = { dtype: 'int32', shape: [1, ids.length], data: Int32Array.from(ids) } as const
    await writeSafetensors('in.safetensors', new Map([['input.input_ids', input]]))
    const captured = async (line: string) => json((await succeed(`${line} --capture **.attn --json`)).out).captured
    const ofText = await captured('inspect model --text cat')
    expect(await captured('inspect model --inputs in.safetensors')).toEqual(ofText)
    expect(Object.keys(ofText)).toEqual(['transformer.h.0.attn'])
    expect((await succeed('inspect model --inputs in.safetensors --capture **.attn')).out).toContain('deviation')
  })

  test('a text to a file of tensors', async () => {
    const { out } = await succeed('inspect model --text cat --output o.safetensors --gradients --json')
    const { tensors } = json(out)
    expect(tensors).toEqual(
      expect.arrayContaining(['output.logits', 'output.attentions.0', 'grad.transformer.wte.weight']),
    )
  })
})

describe('tokenizers', () => {
  test('tokenize: text, file, JSON lines', async () => {
    const { out, err } = await succeed(['tokenize', 'model', 'The cat'])
    expect(out.split('\n')[0]!.replaceAll('│', '')).toBe('The cat')
    expect(err).toMatch(/tokens, 7 bytes/)
    const { ids, tokens } = json((await succeed(['tokenize', 'model', 'The cat', '--json'])).out)
    expect(out).toContain(ids.join(' '))
    expect(tokens).toHaveLength(ids.length)
    writeFileSync('lines.jsonl', '"one"\n{"text":"two"}\n\n')
    expect(jsonLines((await succeed('tokenize model --jsonl lines.jsonl')).out)).toHaveLength(2)
    expect((await succeed(['tokenize', 'model', ''])).err).toContain('0 tokens, 0 bytes')
  })
})

describe('about the project and the machine', () => {
  test('models, with exact counts', async () => {
    expect((await succeed('models')).out).toContain('124,439,808')
    expect(JSON.stringify(json((await succeed('models --json')).out))).toContain('1557611200')
  })

  test('models --describe: a size, a config, a directory, a recipe, as text and as JSON', async () => {
    const { out } = await succeed('models --describe gpt2-xl')
    expect(out).toMatch(/h\.0–47 ×48 +1,475,558,400/)
    expect(out).toMatch(/model\.transformer +1,557,611,200/)
    expect(out).toContain('3,109,942,400·n + 307,200·n²')
    expect(json((await succeed('models --describe gpt2-xl --json')).out).parameters).toBe(1_557_611_200)
    const [directory, config] = await Promise.all(
      ['model', 'model/config.json'].map(async (from) => json((await succeed(`models --describe ${from} --json`)).out)),
    )
    expect(directory).toEqual(config)
    expect(directory.config).toMatchObject({ layers: 1, width: 16 })
    const recipe = json((await succeed('models --describe nanogpt-cpu --json')).out)
    expect(recipe).toMatchObject({ vocabulary: 65, context: 64, config: { layers: 4, activation: 'gelu' } })
  })

  test('recipes: the list, one in full, the schema', async () => {
    expect((await succeed('recipes')).out).toMatch(/^world /m)
    expect(json((await succeed('recipes world')).out)).toMatchObject({ optimizer: { name: 'adamw' } })
    expect(json((await succeed('recipes --schema')).out)).toHaveProperty('properties')
    const names = json((await succeed('recipes --json')).out).map(({ name }: { name: string }) => name)
    expect(names).toEqual(expect.arrayContaining(['nanogpt-cpu', 'world']))
  })

  test('doctor', async () => {
    const report = json((await succeed('doctor --json')).out)
    expect(report.failures).toEqual({})
    expect((await succeed('doctor')).out).toMatch(/^used/m)
  })

  test('bench', async () => {
    const { gflops, training, decoding } = json((await succeed('bench --json')).out)
    for (const rate of [gflops, training, decoding].flatMap((part) =>
      typeof part === 'number' ? [part] : Object.values(part as Record<string, number>),
    ))
      expect(rate).toBeGreaterThan(0)
  })
})

describe('start', () => {
  const begin = ['start', '--data', 'text.txt', ...tiny, '--set', 'steps=4']

  test('off a terminal: trains, writes, names commands that work; a second run asks nothing and says how to go on', async () => {
    const first = await succeed(begin)
    expect(first.err).toMatch(/^A small text \(3\d+ bytes\): a context of \d+ tokens, a vocabulary of \d+, \d+ steps/)
    expect(first.out).toMatch(/It writes[\s\S]*How it reads one sentence[\s\S]*Try next/)
    const named = [...first.out.matchAll(/^ {2}npx pellucid (.*)$/gm)].map(([, line]) => line!)
    expect(named).toHaveLength(3)
    for (const line of named)
      await succeed(line.split(/ (?=(?:[^"]*"[^"]*")*[^"]*$)/).map((w) => w.replaceAll('"', '')))

    const before = workspace.snapshot()
    const second = await succeed(begin)
    for (const flag of ['--continue', '--sample', '--over']) expect(second.out).toContain(`--out runs/text ${flag}`)
    expect(workspace.snapshot()).toBe(before)
  })

  test('on a terminal: a second run asks; a person can write; an answer that is none is asked again', async () => {
    const size = { columns: 80, rows: 24 }
    const conditions = { interactive: true, size, answers: ['what?', 's', 'The cat', '🐑', ''] }
    const { out } = await succeed(begin, conditions)
    expect(out).toMatch(/Please answer c, s or o/)
    expect(out).toMatch(/Your turn[\s\S]*> {3}The cat[\s\S]*> {3}🐑/)
    expect(out).toMatch(/Try next/)
    expect((await succeed(begin, { ...conditions, answers: [] })).out).not.toContain('It writes')
  })

  test('--over removes the run and nothing else', async () => {
    mkdirSync('runs/text/notes')
    writeFileSync('runs/text/notes/mine.txt', 'keep me')
    const { out } = await succeed([...begin, '--over', '--json'])
    expect(jsonLines(out).map(({ type }) => type)).toEqual(expect.arrayContaining(['start', 'step', 'end', 'story']))
    expect(jsonLines(out).find(({ type }) => type === 'start')).toMatchObject({ step: 0 })
    expect(workspace.read('runs/text/notes/mine.txt')).toBe('keep me')
  })
})
describe('quantize', () => {
  test('a directory that is loaded like any other, with its cost', async () => {
    const { out } = await succeed('quantize model --out eighth --data text.txt --json')
    const { kind, bytes, perplexity, change } = json(out)
    expect(kind).toBe('int8')
    expect(bytes.after).toBe(statSync('eighth/model.safetensors').size)
    expect(perplexity.after / perplexity.before - 1).toBeCloseTo(change, 12)
    expect(Math.abs(change)).toBeLessThan(0.01)
    const write = 'generate --prompt Mia --max-new-tokens 9 --seed 3 --json'.split(' ')
    const stored = await succeed([...write, 'eighth'])
    expect(stored.err).toBe('')
    expect(stored.out).toBe((await succeed([...write, 'model', '--quantize', 'int8'])).out)
    expect((await succeed('quantize model --to int4 --out quarter --data text.txt')).out).toMatch(
      /^quarter: int4, .* of weights in place of .*\nperplexity [\d.]+ in place of [\d.]+ \([+-][\d.]+ %\)\n$/,
    )
  })

  test.each([
    ['quantize model', /needs --out DIR/, 2],
    ['quantize model --out model', /--out model: is not empty/, 4],
    ['quantize model --out text.txt', /is a file, expected a directory/, 2],
    ['quantize model --out other --to int3', /--to is 'int3', expected int8, int4/, 2],
    ['quantize eighth --out other', /eighth: is quantized already/, 2],
    ['generate eighth --quantize int4', /weights are stored as int8 already/, 2],
  ])('%s', async (line, says, code) => {
    const outcome = await cli(line.split(' '))
    expect(outcome.err).toMatch(says)
    expect(outcome.code).toBe(code)
  })
})
