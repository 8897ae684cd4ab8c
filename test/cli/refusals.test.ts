/** Command lines that must be refused: exit code, at most three lines that name what is wrong, nothing written. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cli } from './terminal.ts'
import { openWorkspace } from './workspace.ts'

let workspace: Awaited<ReturnType<typeof openWorkspace>>
beforeAll(async () => {
  workspace = await openWorkspace()
})
afterAll(() => workspace.close())

/** Exit code, what the message must say, the words of the command line. */
type Refusal = readonly [code: number, says: string | RegExp, ...argv: string[]]

const tooLong = 'x'.repeat(100_000)

const refusals: Readonly<Record<string, readonly Refusal[]>> = {
  commands: [
    [2, "no command 'trian'. Did you mean train?", 'trian'],
    [2, "no command 'frobnicate'", 'frobnicate'],
    [2, "no command 'frobnicate'", 'frobnicate', '--help'],
    [2, "no command 'frobnicate'", 'help', 'frobnicate'],
    [2, /no flag --verbose/, '--verbose'],
    [2, /no flag --jsn\. Did you mean --json\?/, 'doctor', '--jsn'],
    [2, /See pellucid recipes --help/, 'recipes', '--al'],
    [2, "models takes flags only; found 'gpt2'", 'models', 'gpt2'],
    [2, "tokenizer knows train; found 'trian'", 'tokenizer', 'trian'],
    [2, /There is no command 'x+…'/, tooLong],
  ],
  train: [
    [2, 'no flag --steps. Did you mean --set steps=…?', 'train', '--steps', '3'],
    [2, 'Did you mean --set optimizer.learningRate=…?', 'train', '--lr', '1'],
    [2, 'Did you mean --set batchSize=…?', 'train', '--batch-size', '1'],
    [2, "train takes flags only; found 'text.txt'", 'train', 'text.txt'],
    [2, '--set needs a value: --set <path=value>', 'train', '--set'],
    [2, /--data needs a value.*found the flag --out[\s\S]*--data=--out/, 'train', '--data', '--out', 'x'],
    [2, "--out is given twice, 'a' and 'b'", 'train', '--out', 'a', '--out', 'b'],
    [2, '--out is empty', 'train', '--out', ''],
    [2, '--data is empty', 'train', '--data', ''],
    [2, '--recipe is empty', 'train', '--recipe='],
    [2, /--recipe nope[\s\S]*nanogpt-cpu, world/, 'train', '--recipe', 'nope'],
    [3, /\.: is a directory/, 'train', '--recipe', '.'],
    [3, /text\.txt:1:1: not valid JSON/, 'train', '--recipe', 'text.txt'],
    [3, /nowhere\.txt: could not read: no such file/, 'train', '--data', 'nowhere.txt'],
    [3, /\.: is a directory, expected a file/, 'train', '--data', '.'],
    [3, /empty\.txt.*empty/, 'train', '--data', 'empty.txt', '--out', 'new'],
    [3, /short\.txt.*too few/, 'train', '--data', 'short.txt', '--out', 'new'],
    [3, /bad-utf8\.txt: not UTF-8 at byte 7/, 'train', '--data', 'bad-utf8.txt', '--out', 'new'],
    [2, '--set steps: expected path=value', 'train', '--set', 'steps'],
    [2, '--set =3: expected path=value', 'train', '--set', '=3'],
    [2, '__proto__', 'train', '--set', '__proto__.x=1'],
    [2, "'stesp'", 'train', '--set', 'stesp=3'],
    ...['1.5', '-5', '0', 'NaN', '9007199254740993', '"many"', '1e400', 'null'].map(
      (value): Refusal => [2, /recipe: steps is/, 'train', '--set', `steps=${value}`],
    ),
    ...['abc', '-1', 'Infinity', '[]'].map(
      (value): Refusal => [2, /optimizer\.learningRate is/, 'train', '--set', `optimizer.learningRate=${value}`],
    ),
    [2, /batchSize is 0/, 'train', '--set', 'batchSize=0'],
    [2, /seed is -1/, 'train', '--set', 'seed=-1'],
    [2, /model\.width is 10, expected a multiple of model\.heads/, 'train', '--set', 'model.width=10'],
    [2, /nowhere: holds no run to resume/, 'train', '--resume', '--out', 'nowhere'],
    [4, /model: holds a run with 2 steps/, 'train', '--out', 'model'],
    [2, /--out text\.txt: is a file/, 'train', '--data', 'text.txt', '--out', 'text.txt'],
    [2, "--runtime is 'gpu', expected native, web, reference", 'train', '--runtime', 'gpu'],
    ...['0', '-2', '1.5', 'all', '', '1e9', 'NaN'].map(
      (value): Refusal => [
        2,
        `--threads is '${value}', expected a whole number from 1 to `,
        'train',
        '--threads',
        value,
      ],
    ),
  ],
  generate: [
    [2, 'generate needs model: a model directory', 'generate'],
    [2, "generate takes model; found 'extra'", 'generate', 'model', 'extra'],
    [2, 'model is empty', 'generate', ''],
    [3, /nowhere: no such model directory/, 'generate', 'nowhere'],
    [3, /text\.txt/, 'generate', 'text.txt'],
    [3, /\.: holds no config\.json/, 'generate', '.'],
    [2, '--prompt needs a value', 'generate', 'model', '--prompt'],
    [2, /one of --prompt, --prompt-file and --prompt-ids/, 'generate', 'model', '--prompt', 'a', '--prompt-ids', '1'],
    [3, /nowhere\.txt/, 'generate', 'model', '--prompt-file', 'nowhere.txt'],
    [3, /bad-utf8\.txt: not UTF-8 at byte 7/, 'generate', 'model', '--prompt-file', 'bad-utf8.txt'],
    ...['', '1,', 'a', '1.5', '-1', '1 2'].map(
      (value): Refusal => [
        2,
        `--prompt-ids is '${value}', expected token ids`,
        'generate',
        'model',
        '--prompt-ids',
        value,
      ],
    ),
    [2, /300|vocabulary/, 'generate', 'model', '--prompt-ids', '300', '--json'],
    ...['-1', 'NaN', 'Infinity', '1e400', 'hot', ''].map(
      (value): Refusal => [2, `--temperature is '${value}'`, 'generate', 'model', '--temperature', value],
    ),
    ...['0', '-1', '2.5', 'x'].map(
      (value): Refusal => [2, `--top-k is '${value}'`, 'generate', 'model', '--top-k', value],
    ),
    [2, /--top-k is 301, expected at most 300/, 'generate', 'model', '--top-k', '301'],
    ...['0', '1.1', '-0.5'].map(
      (value): Refusal => [2, `--top-p is '${value}'`, 'generate', 'model', '--top-p', value],
    ),
    ...['0', '-1', '1000000000000', '3.5'].map(
      (value): Refusal => [2, `--max-new-tokens is '${value}'`, 'generate', 'model', '--max-new-tokens', value],
    ),
    ...['-1', '0.5', '9007199254740993', 'today'].map(
      (value): Refusal => [2, `--seed is '${value}'`, 'generate', 'model', '--seed', value],
    ),
    [2, "--seed is given twice, '1' and '2'", 'generate', 'model', '--seed', '1', '--seed', '2'],
    [2, /arguments have 100\d\d\d bytes[\s\S]*--prompt-file/, 'generate', 'model', '--prompt', tooLong],
    [2, '--stop is empty', 'generate', 'model', '--stop', ''],
    [2, "--beams is '0'", 'generate', 'model', '--beams', '0'],
    [2, "--early-stopping is 'maybe', expected true, false, never", 'generate', 'model', '--early-stopping', 'maybe'],
    [2, /lengthPenalty belongs to beam search/, 'generate', 'model', '--length-penalty', '2'],
    [2, /leave out topK, or beams/, 'generate', 'model', '--beams', '2', '--top-k', '5'],
    [2, /returned must be at most beams/, 'generate', 'model', '--beams', '2', '--returned', '3'],
    [
      2,
      /--regex: The regular expression "\(a" cannot be read: Unterminated group/,
      'generate',
      'model',
      '--regex',
      '(a',
    ],
    [2, /--regex: .* look-ahead .* at position 1/, 'generate', 'model', '--regex', 'a(?=b)'],
    [2, /--json-schema, line 1, column 2: /, 'generate', 'model', '--json-schema', '{x}'],
    [2, /--json-schema: .*at \/items: type is "x"/, 'generate', 'model', '--json-schema', '{"items":{"type":"x"}}'],
    [2, /--json-schema: The constraint allows no text/, 'generate', 'model', '--json-schema', '{"enum":[]}'],
    [3, /nowhere\.json/, 'generate', 'model', '--json-schema', 'nowhere.json'],
    [3, /text\.txt: The grammar, line 1/, 'generate', 'model', '--grammar', 'text.txt'],
    [2, 'regex and jsonSchema each say', 'generate', 'model', '--regex', 'a', '--json-schema', '{}'],
  ],
  evaluate: [
    [2, 'needs model', 'evaluate'],
    [2, /--data FILE/, 'evaluate', 'model'],
    [3, /nowhere\.txt/, 'evaluate', 'model', '--data', 'nowhere.txt'],
    [3, /model: is a directory/, 'evaluate', 'model', '--data', 'model'],
    [3, /bad-utf8\.txt: not UTF-8 at byte 7/, 'evaluate', 'model', '--data', 'bad-utf8.txt'],
    [2, "--task is 'beauty', expected perplexity", 'evaluate', 'model', '--data', 'text.txt', '--task', 'beauty'],
    [2, "--stride is '0'", 'evaluate', 'model', '--data', 'text.txt', '--stride', '0'],
    [2, /stride is 99, expected a whole number from 1 to/, 'evaluate', 'model', '--data', 'text.txt', '--stride', '99'],
    [2, /window is 17, expected a whole number from 2 to/, 'evaluate', 'model', '--data', 'text.txt', '--window', '17'],
    [3, /nowhere: no such model/, 'evaluate', 'nowhere', '--data', 'text.txt'],
  ],
  inspect: [
    [2, /--text or --inputs/, 'inspect', 'model'],
    [2, /--text or --inputs/, 'inspect', 'model', '--text', 'a', '--inputs', 'text.txt'],
    [2, /--inputs needs --output/, 'inspect', 'model', '--inputs', 'text.txt'],
    [2, /--gradients needs --output/, 'inspect', 'model', '--text', 'a', '--gradients'],
    [2, /--output model: is a directory/, 'inspect', 'model', '--text', 'a', '--output', 'model'],
    [2, /there is no directory nowhere/, 'inspect', 'model', '--text', 'a', '--output', 'nowhere/o.safetensors'],
    [2, /is also --inputs/, 'inspect', 'model', '--inputs', 'text.txt', '--output', './text.txt'],
    [3, /text\.txt/, 'inspect', 'model', '--inputs', 'text.txt', '--output', 'o.safetensors'],
    [2, /text is empty/, 'inspect', 'model', '--text', ''],
    [2, /sees at most 16/, 'inspect', 'model', '--text', 'word '.repeat(40)],
    [
      2,
      /No value matches 'h\.99'/,
      'inspect',
      'model',
      '--text',
      'a',
      '--capture',
      'h.99',
      '--output',
      'o.safetensors',
    ],
    [2, "--top is '0'", 'inspect', 'model', '--text', 'a', '--top', '0'],
  ],
  tokenizers: [
    [2, /one text: as an argument, --file or --jsonl/, 'tokenize', 'model'],
    [2, /one text/, 'tokenize', 'model', 'a', '--file', 'text.txt'],
    [3, /nowhere/, 'tokenize', 'nowhere', 'a'],
    [3, /metrics\.jsonl:2:1: not valid JSON/, 'tokenize', 'model/metrics.jsonl', 'a'],
    [3, /\.: has no tokenizer/, 'tokenize', '.', 'a'],
    [3, /text\.txt:1/, 'tokenize', 'model', '--jsonl', 'text.txt'],
    [2, "--special is 'no', expected parse, text, error", 'tokenize', 'model', 'a', '--special', 'no'],
    [2, /--out DIR/, 'tokenizer', 'train', 'text.txt'],
    [2, /needs texts/, 'tokenizer', 'train', '--out', 'new'],
    [
      2,
      /--model is 'letters', expected bpe, wordpiece, .*characters, bytes/,
      'tokenizer',
      'train',
      '--model',
      'letters',
    ],
    [2, "--vocab-size is '0'", 'tokenizer', 'train', '--vocab-size', '0'],
    [
      2,
      /vocabulary size is 100[\s\S]*at least 257/,
      'tokenizer',
      'train',
      'text.txt',
      '--vocab-size',
      '100',
      '--out',
      'new',
    ],
    [3, /bad-utf8\.txt: not UTF-8 at byte 7/, 'tokenizer', 'train', 'bad-utf8.txt', '--out', 'new'],
    [3, /nowhere\.txt/, 'tokenizer', 'train', 'nowhere.txt', '--out', 'new'],
    [2, /text\.txt: is a file/, 'tokenizer', 'train', 'text.txt', '--out', 'text.txt'],
    [2, /different ones/, 'tokenizer', 'train', 'text.txt', '--out', 'new', '--special', 'a', '--special', 'a'],
  ],
  start: [
    [2, /--continue and --over exclude each other/, 'start', '--continue', '--over'],
    [2, /--sample/, 'start', '--sample', '--out', 'new'],
    [3, /nowhere\.txt/, 'start', '--data', 'nowhere.txt'],
    [3, /short\.txt: has 10 bytes, expected 400 or more/, 'start', '--data', 'short.txt'],
    [3, /bad-utf8\.txt: not UTF-8 at byte 7/, 'start', '--data', 'bad-utf8.txt', '--out', 'model', '--over'],
    [2, /recipe: steps/, 'start', '--out', 'model', '--over', '--set', 'steps=0'],
  ],
  others: [
    [2, /neither a file nor a ready-made recipe/, 'recipes', 'nope'],
    [2, "--threads is '0'", 'bench', '--threads', '0'],
  ],
}

for (const [group, table] of Object.entries(refusals))
  describe(group, () => {
    test.each(table.map(([code, says, ...argv]) => ({ code, says, argv, line: argv.join(' ').slice(0, 90) })))(
      '$line',
      async ({ code, says, argv }) => {
        const before = workspace.snapshot()
        const outcome = await cli(argv)
        expect(outcome.err).toMatch(says)
        expect(outcome).toMatchObject({ code, out: '' })
        expect(outcome.err.trimEnd().split('\n').length).toBeLessThanOrEqual(3)
        expect(outcome.err.length).toBeLessThan(600)
        expect(outcome.err).not.toMatch(/undefined|\bat .*:\d+:\d+|\[object/)
        expect(workspace.snapshot()).toBe(before)
      },
    )
  })
