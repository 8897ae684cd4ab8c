/** Command lines that must be refused: what each is, its exit code, and what the message must say. They run in the folder of `prepareFlags`. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type FlagCase, notWhole, refuse } from './flag-case.ts'
import { tokenizeFlags } from './tokenize-flags.ts'

/** Adds to a workspace of the command-line tests what these cases need. */
export function prepareFlags(): void {
  mkdirSync('folder')
  if (process.platform !== 'win32') execFileSync('mkfifo', ['fifo'])
  for (const [name, content] of Object.entries({
    'null.json': 'null',
    'list.json': '[]',
    'number.json': '42',
    'blank.json': ' \n',
    'open.json': '{',
    'deep.json': '['.repeat(100_000),
    'twice.json': '{"steps": 1, "steps": 2}',
    'bom.json': '\ufeff{}',
    'huge-number.json': '{"steps": 1e999}',
    'unknown.json': '{"stpes": 3}',
    'wrong-part.json': '{"data": 5}',
    'zero-heads.json': '{"model_type": "gpt2", "n_head": 0}',
    'alien.json': '{"model_type": "alien"}',
    'huge-model.json': '{"model_type": "gpt2", "vocab_size": 1000000000000000}',
    'proto.json': '{"__proto__": {"steps": 1}}',
    'bad.jsonl': '"fine"\n{"text": 5}\n',
    'open.jsonl': '{"text": "a"\n',
    'chat.json': '[{"role": "user", "content": "a"}]',
    'no-role.json': '\n[{"role": "user", "content": "a"}, {"content": "b"}]\n',
  }))
    writeFileSync(name, content)
  writeFileSync('utf16.json', Buffer.from('\ufeff{"steps": 3}', 'utf16le'))
  writeFileSync('latin1.json', Buffer.from('{"description": "caf\xe9"}', 'latin1'))
}

const long = 'x'.repeat(120_000)
const manyLines = 'a\nb\nc\nd\ne'
const deep = `${'['.repeat(3000)}${']'.repeat(3000)}`

const wording: readonly FlagCase[] = [
  refuse(2, /no command ''/, '%1', ''),
  ...['constructor', '__proto__', '-', 'TRAIN', 'tráin'].map((word) => refuse(2, /no command '/, '%1', word)),
  refuse(2, /no command 'generate-'. Did you mean generate\?/, 'generate-'),
  refuse(2, /no command 'x+…'/, '%1', long),
  refuse(2, /no command 'a\\nb/, '%1', manyLines),
  refuse(2, /no flag --x/, '--x'),
  refuse(2, /no flag -x/, '-x generate model'),
  refuse(2, /no flag --JSON\. Did you mean --json\?/, 'models --JSON'),
  refuse(2, /--json takes no value; found 'true'/, 'models --json=true'),
  refuse(2, /--lossy takes no value/, 'tokenize model --file text.txt --lossy=yes'),
  refuse(2, /Did you mean --max-new-tokens\?/, 'generate model --max-tokens 5'),
  refuse(2, /Did you mean --beams\?/, 'generate model --num-beams 5'),
  refuse(2, /Did you mean --top-k\?/, 'generate model --top_k 5'),
  refuse(2, /Did you mean --set optimizer\.learningRate=…\?/, 'train --learning_rate 1'),
  refuse(2, /Did you mean --set steps=…\?/, 'start --steps 1'),
  refuse(2, /no flag -x+…/, 'generate model %1', `-${'x'.repeat(9000)}`),
  refuse(2, /tokenizer knows train/, 'tokenizer teach'),
  refuse(2, /found 'b'/, 'generate a b'),
  refuse(2, /found the flag --help[\s\S]*--data=--help/, 'train --data --help'),
  refuse(2, /found the flag -h/, 'train --data -h'),
  refuse(2, /found the flag --seed=3/, 'generate model --prompt --seed=3'),
  refuse(2, /--seed is given twice/, 'generate model --seed=1 --seed 1'),
  refuse(2, /Give one of --schema and 'world'/, 'recipes world --schema'),
]

const notPositive = [...notWhole, '0', '-0', '1e-9']
const notNumber = ['', 'abc', 'NaN', 'Infinity', '-Infinity', '1e400', '0x1', '1,5', '1e', '--']
const values: readonly FlagCase[] = [
  ...notPositive.map((value) => refuse(2, /--top-k is '/, 'generate model --top-k=%1', value)),
  ...notPositive.map((value) => refuse(2, /--max-new-tokens is '/, 'generate model --max-new-tokens=%1', value)),
  refuse(2, /--max-new-tokens is '1000000000000'/, 'generate model --max-new-tokens 1000000000000'),
  ...notWhole.map((value) => refuse(2, /--seed is '/, 'generate model --seed=%1', value)),
  ...[...notNumber, '-1', '-1e-9'].map((value) =>
    refuse(2, /--temperature is '/, 'generate model --temperature=%1', value),
  ),
  ...[...notNumber, '0', '1.1', '1e-400'].map((value) => refuse(2, /--top-p is '/, 'generate model --top-p=%1', value)),
  ...['0', '1025', '1e9', '-1'].map((value) => refuse(2, /--beams is '/, 'generate model --beams %1', value)),
  ...['', '1', '1.', '.1', 'a.b', '-1.0', '1.2.3', '1e1.0', '0x1.1', 'AUTO', '0,1', '12345678.0', '⁰.1', '0. 1'].map(
    (value) =>
      refuse(
        2,
        /--attention is '.*expected layer\.head, such as 0\.3, or auto/,
        'inspect model --text a --attention=%1',
        value,
      ),
  ),
  refuse(2, /--norms takes no value/, 'inspect model --text a --norms=yes'),
  refuse(2, /--top is '51'/, 'inspect model --text a --logit-lens --top 51'),
  refuse(2, /--describe is empty/, 'models --describe='),
  ...['--min-p', '--typical-p', '--epsilon-cutoff', '--eta-cutoff'].flatMap((flag) =>
    [...notNumber, '-0.1', '1.1'].map((value) =>
      refuse(2, new RegExp(`${flag} is '`), `generate model ${flag}=%1`, value),
    ),
  ),
  refuse(2, /--epsilon-cutoff is '1', expected/, 'generate model --epsilon-cutoff 1'),
  ...['--repetition-penalty', '--encoder-repetition-penalty'].flatMap((flag) =>
    [...notNumber, '0', '-1'].map((value) => refuse(2, new RegExp(`${flag} is '`), `generate model ${flag}=%1`, value)),
  ),
  ...['--presence-penalty', '--frequency-penalty', '--diversity-penalty', '--contrastive-penalty'].flatMap((flag) =>
    notNumber.map((value) => refuse(2, new RegExp(`${flag} is '`), `generate model ${flag}=%1`, value)),
  ),
  ...['--no-repeat-ngram', '--encoder-no-repeat-ngram', '--beam-groups'].flatMap((flag) =>
    notPositive.map((value) => refuse(2, new RegExp(`${flag} is '`), `generate model ${flag}=%1`, value)),
  ),
  ...['--min-length', '--min-new-tokens', '--logprobs', '--prompt-logprobs', '--forced-first'].flatMap((flag) =>
    notWhole.map((value) => refuse(2, new RegExp(`${flag} is '`), `generate model ${flag}=%1`, value)),
  ),
  ...['--suppress-tokens', '--suppress-first', '--forced-last'].flatMap((flag) =>
    ['', ',', '1,,2', '1;2', '-1', '1.5', '1e3', 'the'].map((value) =>
      refuse(2, new RegExp(`${flag} is '.*expected token ids such as`), `generate model ${flag}=%1`, value),
    ),
  ),
  refuse(2, /--logprobs is '1001', expected a whole number from 0 to 1000/, 'generate model --logprobs 1001'),
  ...['', '5', '5:1', '=1', 'a=1', '5=', '5=a', '5=1=2', '5=-inf'].map((value) =>
    refuse(2, /--logit-bias is '/, 'generate model --logit-bias=%1', value),
  ),
  ...['', '5', '5;1', ',1.1', '5,', '5,0', '-1,2', '1.5,2', '5,1.1,2'].map((value) =>
    refuse(2, /--length-decay is '/, 'generate model --length-decay=%1', value),
  ),
  refuse(2, /--bad-words is empty, expected a text/, 'generate model --bad-words='),
  ...['--suppress-tokens', '--suppress-first', '--forced-first', '--forced-last'].map((flag) =>
    refuse(2, /: token ids must be whole numbers from 0 to 299.*found 300/, `generate model ${flag} 300`),
  ),
  refuse(2, /logitBias: token ids must be .*found 300/, 'generate model --logit-bias 5,300=1'),
  refuse(2, /--threads is '100000'/, 'bench --threads 100000'),
  refuse(2, /--runtime is 'a\\nb/, 'generate model --runtime %1', manyLines),
  refuse(2, /--runtime is '\\u001b\[31mnative'/, 'generate model --runtime %1', '\x1b[31mnative'),
  refuse(2, /--runtime is ''/, 'generate model --runtime='),
  refuse(2, /--stride is '/, 'evaluate model --data text.txt --stride 1.5'),
  refuse(2, /--vocab-size is '/, 'tokenizer train text.txt --out new --vocab-size 2147483649'),
  ...['--limit-alphabet', '--max-token-length'].flatMap((flag) =>
    notPositive.map((value) => refuse(2, new RegExp(`${flag} is '`), `tokenizer train ${flag}=%1`, value)),
  ),
  ...notWhole.map((value) => refuse(2, /--min-frequency is '/, 'tokenizer train --min-frequency=%1', value)),
  ...['--initial-alphabet', '--end-of-word', '--continuing-prefix'].map((flag) =>
    refuse(2, new RegExp(`${flag} is empty, expected a?`), `tokenizer train ${flag}=`),
  ),
  refuse(2, /--normalizer is 'nfx', expected nfc, nfd, /, 'tokenizer train --normalizer nfx'),
  refuse(2, /--normalizer is 'toString', expected/, 'tokenizer train --normalizer toString'),
  refuse(2, /--pre-tokenizer is '', expected byte-level, /, 'tokenizer train --pre-tokenizer='),
  ...['', ',', '1,,2', '1;2', '-1', '1.5', '1e3', '0x1', '99999999999999999999'].map((ids) =>
    refuse(2, /--prompt-ids is '/, 'generate model --prompt-ids=%1', ids),
  ),
  refuse(2, /whole numbers from 0 to 299.*found 300/, 'generate model --prompt-ids 300'),
  refuse(2, /found 9007199254740991/, 'generate model --prompt-ids 1,9007199254740991 --json'),
  refuse(2, /--top-k is 301, expected at most 300/, 'generate model --top-k 301'),
]

const together: readonly FlagCase[] = [
  refuse(2, /one of --prompt, --prompt-file and --prompt-ids/, 'generate model --prompt a --prompt-file text.txt'),
  refuse(2, /leave out temperature/, 'generate model --beams 2 --temperature 0.5'),
  refuse(2, /leave out seed/, 'generate model --beams 2 --seed 1'),
  refuse(2, /leave out minP/, 'generate model --beams 2 --min-p 0.1'),
  refuse(2, /no use for logprobs/, 'generate model --beams 2 --logprobs 1'),
  refuse(2, /beams must be a multiple of beamGroups \(2\), found 3/, 'generate model --beams 3 --beam-groups 2'),
  refuse(2, /give beamGroups above 1/, 'generate model --beams 2 --diversity-penalty 1'),
  refuse(2, /beamSampling belongs to beam search/, 'generate model --beam-sampling'),
  refuse(2, /leave out temperature, or contrastive/, 'generate model --contrastive-penalty 0.6 --temperature 1'),
  refuse(2, /minNewTokens must be at most maxNewTokens/, 'generate model --max-new-tokens 3 --min-new-tokens 4'),
  refuse(2, /forcedFirst is 5, which suppressTokens/, 'generate model --forced-first 5 --suppress-tokens 4,5'),
  refuse(2, /belongs to beam search/, 'generate model --early-stopping true'),
  refuse(2, /returned must be 1 with temperature 0/, 'generate model --temperature 0 --returned 2'),
  refuse(2, /--lossy is for a text in --prompt-file/, 'generate model --lossy'),
  refuse(2, /--lossy is for a text in --file/, 'tokenize model text --lossy'),
  refuse(2, /one text/, 'tokenize model --file text.txt --jsonl text.txt'),
  refuse(2, /either --text or --inputs/, 'inspect model --text a --inputs text.txt'),
  refuse(2, /No value matches 'h\.0'/, 'inspect model --text a --capture h.0'),
  refuse(2, /--inputs needs --output, .* or --capture/, 'inspect model --inputs text.txt'),
  refuse(2, /--norms draws a text; found --inputs/, 'inspect model --inputs text.txt --output o.safetensors --norms'),
  refuse(2, /--attention draws a text/, 'inspect model --inputs text.txt --capture h.0 --attention 0.0 --logit-lens'),
  refuse(2, /--gradients needs --output/, 'inspect model --text a --gradients'),
  refuse(2, /--json tells either/, 'inspect model --text a --output o.safetensors --json --logit-lens'),
  refuse(2, /no head 1\.0: this model has the layers 0 /, 'inspect model --text a --attention 1.0'),
  refuse(2, /no head 0\.2: this model has the heads 0 to 1/, 'inspect model --text a --attention 0.0 --attention 0.2'),
  refuse(2, /The text is empty/, 'inspect model --norms --text='),
  refuse(2, /bytes learns nothing/, 'tokenizer train --model bytes --vocab-size 500 --out new'),
  refuse(2, /bytes learns nothing/, 'tokenizer train --model bytes --out new text.txt --special <s>'),
  refuse(2, /bytes learns nothing.* Leave out text\.txt\./, 'tokenizer train --model bytes --out new text.txt'),
  refuse(2, /Leave out --lines, --lossy\./, 'tokenizer train --model bytes --out new --lines --lossy'),
  refuse(4, /^--out model: holds checkpoints, so a model is there/, 'tokenizer train --out model text.txt'),
  refuse(2, /at least 5: 4 special/, 'tokenizer train --model characters --vocab-size 4 --out new text.txt'),
  refuse(2, /words has no use for --end-of-word/, 'tokenizer train --model words --end-of-word _ --out new text.txt'),
  refuse(
    2,
    /--pre-tokenizer none stands alone/,
    'tokenizer train --pre-tokenizer none --pre-tokenizer digits --out new text.txt',
  ),
  refuse(
    2,
    /at least 7: 1 special token and 6 char/,
    'tokenizer train --vocab-size 5 --pre-tokenizer none --initial-alphabet abcdef --out new text.txt',
  ),
  refuse(2, /--continue and --sample exclude each other/, 'start --continue --sample'),
  refuse(2, /leave out --set/, 'start --out model --sample --set steps=1'),
  refuse(
    2,
    /stride is 16, expected a whole number from 1 to the window of 4/,
    'evaluate model --data text.txt --window 4 --stride 16',
  ),
  refuse(2, /No value matches/, 'inspect model --text a --output o.safetensors --capture %1', `${'*'.repeat(300)}x`),
  refuse(2, /No value matches ''/, 'inspect model --text a --output o.safetensors --capture='),
]

const described: readonly FlagCase[] = [
  refuse(2, /neither a published size .* Did you mean gpt2-xl\?\nPublished: gpt2,/, 'models --describe gpt2-x1'),
  refuse(2, /neither a published size/, 'models --describe %1', 'toString'),
  refuse(2, /^--describe 'a\\nb/, 'models --describe %1', manyLines),
  refuse(3, /no downloaded model of this name/, 'models --describe nobody/nothing'),
  refuse(3, /folder: holds no config\.json/, 'models --describe folder'),
  refuse(3, /text\.txt:1:1/, 'models --describe text.txt'),
  refuse(3, /open\.json:1:2/, 'models --describe open.json'),
  refuse(3, /list\.json: holds \[\]/, 'models --describe list.json'),
  refuse(2, /unknown\.json: 'stpes'/, 'models --describe unknown.json'),
  refuse(3, /zero-heads\.json: n_head is 0/, 'models --describe zero-heads.json'),
  refuse(3, /alien\.json: model_type is "alien"/, 'models --describe alien.json'),
  refuse(2, /too many to be counted/, 'models --describe huge-model.json'),
  refuse(2, /found 'gpt2'/, 'models gpt2'),
]

const fifo = process.platform === 'win32' ? [] : ['fifo', '/dev/zero']
const paths: readonly FlagCase[] = [
  ...['text.txt', 'text.txt/x', 'text.txt/x/y/z'].flatMap((out) =>
    ['train --data text.txt', 'tokenizer train text.txt', 'start --data text.txt'].map((words) =>
      refuse(2, /--out .*is a file, expected a directory/, `${words} --out %1`, out),
    ),
  ),
  refuse(2, /is a file of the model/, 'inspect model --text a --output model/model.safetensors'),
  refuse(2, /is a file of the model/, 'inspect ./model --text a --output folder/../model/config.json'),
  refuse(2, /is also --inputs/, 'inspect model --inputs text.txt --output folder/../text.txt'),
  refuse(2, /is a directory, expected a file to write/, 'inspect model --text a --output folder'),
  refuse(2, /there is no directory nowhere/, 'inspect model --text a --output nowhere/o.safetensors'),
  refuse(3, /^a\\nb\\nc\\nd\\ne: no such model directory/, 'generate %1', manyLines),
  refuse(3, /^\\u001b\[31mred: no such/, 'generate %1', '\x1b[31mred'),
  refuse(3, /NUL character/, 'generate %1', 'a\0b'),
  refuse(3, /^x+….*too long/, 'tokenize %1 a', long),
  refuse(2, /arguments have 12\d{4} bytes/, 'generate %1', long),
  refuse(2, /arguments have \d+ bytes/, `train ${'--set steps=1 '.repeat(1500).trim()}`),
  ...['folder', 'nowhere', ...fifo].flatMap((file) => [
    refuse(3, new RegExp(`^${file}: `), 'generate model --prompt-file %1', file),
    refuse(3, new RegExp(`^${file}: `), 'tokenize model --file %1', file),
    refuse(3, new RegExp(`^${file}: `), 'tokenize model --jsonl %1', file),
    refuse(3, new RegExp(`^${file}: `), 'tokenize model --chat %1', file),
    refuse(3, new RegExp(`^${file}: `), 'evaluate model --data %1', file),
    refuse(3, new RegExp(`^${file}: `), 'train --data %1', file),
    refuse(3, new RegExp(`^${file}: `), 'tokenizer train %1 --out new', file),
    refuse(3, new RegExp(`^${file}: `), 'start --data %1', file),
    refuse(3, new RegExp(`^${file}: `), 'inspect model --inputs %1 --output o.safetensors', file),
  ]),
  ...(process.platform === 'linux' ? ['/proc/x', '/proc/x/y'] : []).flatMap((out) => [
    refuse(1, /^\/proc\/x.*could not write/, 'tokenizer train text.txt --out %1', out),
    refuse(1, /^\/proc\/x.*could not write/, 'train --data text.txt --out %1', out),
  ]),
  refuse(3, /bad\.jsonl:2: /, 'tokenize model --jsonl bad.jsonl --special text'),
  refuse(3, /open\.jsonl:1: /, 'tokenize model --jsonl open.jsonl'),
]

const hub: readonly FlagCase[] = [
  ...[
    '',
    '.',
    '..',
    '../x',
    '/x',
    'a/b/c',
    'a//b',
    'a--b',
    'a..b',
    'x.git',
    '-',
    'a b',
    'ü',
    '@main',
    'a@',
    'a@../b',
    'a@b@c',
  ].map((name) =>
    refuse(2, /is not the name of a model, expected owner\/name|name is empty|no flag -/, 'download %1', name),
  ),
  refuse(2, /x+….*not the name of a model/, 'download %1', long),
  refuse(2, /Did you mean owner\/name\?/, 'download https://huggingface.co/owner/name'),
  refuse(2, /a\\nb.*not the name of a model/, 'download %1', manyLines),
  ...['..', '/main', 'a//b', '.hidden', 'a.lock', 'a b'].map((revision) =>
    refuse(2, /--revision is ".*expected a branch, a tag/, 'download owner/name --revision %1', revision),
  ),
  refuse(2, /--revision is empty/, 'download owner/name --revision='),
  refuse(2, /names a revision.*give one/, 'download owner/name@main --revision main'),
  refuse(2, /--include is empty/, 'download owner/name --include='),
  ...['generate', 'evaluate --data text.txt', 'inspect --text a', 'tokenize', 'chat'].map((words) =>
    refuse(
      3,
      /^owner\/nowhere: no such model directory, and no downloaded model of this name[\s\S]*pellucid download owner\/nowhere$/m,
      `${words} owner/nowhere ${words === 'tokenize' ? 'a' : ''}`.trim(),
    ),
  ),
  refuse(3, /pellucid download owner\/nowhere@v1/, 'generate owner/nowhere@v1'),
  refuse(2, /one of --describe and --downloaded/, 'models --describe gpt2 --downloaded'),
]

const chat: readonly FlagCase[] = [
  refuse(2, /--temperature is '-1'/, 'chat model --temperature=-1'),
  refuse(2, /--top-k is '0'/, 'chat model --top-k 0'),
  refuse(2, /no flag --prompt/, 'chat model --prompt a'),
  refuse(2, /no flag --beams/, 'chat model --beams 2'),
  refuse(2, /--history is empty/, 'chat model --history='),
  refuse(3, /folder: .*is a directory/, 'chat model --history folder'),
]

const recipes: readonly FlagCase[] = [
  ...['null', 'list', 'number'].map((name) =>
    refuse(3, new RegExp(`^${name}\\.json: holds .*expected an object`), `train --recipe ${name}.json --data text.txt`),
  ),
  refuse(3, /blank\.json: is empty/, 'train --recipe blank.json'),
  refuse(3, /open\.json:1:2: /, 'train --recipe open.json'),
  refuse(3, /deep\.json:1:129: .*nested more than 128 deep/, 'train --recipe deep.json'),
  refuse(3, /twice\.json:1:14: .*duplicate key "steps"/, 'train --recipe twice.json'),
  refuse(3, /bom\.json:1:1: .*byte order mark/, 'train --recipe bom.json'),
  refuse(3, /huge-number\.json:1:11: .*1e999 is out of range/, 'train --recipe huge-number.json'),
  refuse(3, /utf16\.json: not UTF-8 at byte 0.*UTF-16/, 'train --recipe utf16.json'),
  refuse(3, /latin1\.json: not UTF-8 at byte 20 \(0xe9\)/, 'recipes latin1.json'),
  ...fifo.map((file) => refuse(3, /expected a regular file/, `train --recipe ${file}`)),
  refuse(3, /folder: is a directory/, 'train --recipe folder'),
  refuse(2, /^unknown\.json: 'stpes'.* Did you mean steps\?/, 'train --recipe unknown.json'),
  refuse(2, /^wrong-part\.json: data is 5, expected object/, 'train --recipe wrong-part.json'),
  refuse(2, /__proto__/, 'train --recipe proto.json'),
  refuse(2, /neither a file nor a ready-made recipe/, 'train --recipe ../package'),
  ...[
    ['steps', /expected path=value/],
    ['=', /expected path=value/],
    ['.=1', /not a path of fields/],
    ['model..width=1', /not a path of fields/],
    ['__proto__.steps=1', /not a path of fields/],
    ['model.__proto__.width=1', /not a path of fields/],
    [`${'a.'.repeat(500)}b=1`, /not a path of fields/],
    ['constructor=1', /'constructor'/],
    ['constructor.prototype.steps=1', /'constructor'/],
    ['toString=1', /'toString'/],
    ['optimizer.name=sgd', /'betas' in optimizer.*\n.*give optimizer as a whole/],
    ['lr=1', /Did you mean optimizer\.learningRate\?/],
    ['batch_size=1', /Did you mean batchSize\?/],
    ['model.layer=1', /Did you mean model\.layers\?/],
    ['optimizer.beta=1', /Did you mean optimizer\.betas\?/],
    ['optimizer.betas.constructor=1', /is a list of 2, expected an index/],
    ['optimizer.betas.length=0', /is a list of 2, expected an index/],
    ['optimizer.betas.4294967294=1', /is a list of 2, expected an index/],
    ['optimizer.betas.-1=1', /is a list of 2, expected an index/],
    ['optimizer.betas.2=0.5', /betas is \[/],
    ['steps.x=1', /steps is \{"x":1\}/],
    [`steps=${deep}`, /steps is "\[\[/],
    [`model.heads=${deep}`, /model\.heads is/],
    ['data=null', /data is null/],
    ['model=[]', /model is \[\]/],
    ['model.width=13', /model\.width is 13, expected a multiple of model\.heads \(4\)/],
    ['tokenizer.vocabularySize=256', /at least 257/],
    ['tokenizer.type=constructor', /tokenizer\.type is "constructor"/],
    ['batchSize=1000000000000', /batchSize is 1000000000000, expected at most/],
    ['contextLength=1000000000000', /contextLength is 1000000000000, expected at most/],
    ['model.layers=100000', /model\.layers is 100000, expected at most/],
    ['data.bytes=268435457', /data\.bytes is 268435457/],
    ['data.validation=1', /data\.validation is 1, expected below 1/],
    ['data.lossy=yes', /data\.lossy is "yes"/],
    ['data.files=text.txt', /data\.files is "text\.txt"/],
    ['out=', /out is ""/],
  ].map(([assignment, says]) => refuse(2, says as RegExp, 'train --out new --set=%1', assignment as string)),
  refuse(3, /too few for one window of 100001/, 'train --data text.txt --out new --set contextLength=100000'),
  refuse(
    2,
    /splits is 3, expected a divisor of batchSize/,
    'train --data text.txt --out new --set splits=3 --set contextLength=16',
  ),
  refuse(3, /validation part/, 'train --data text.txt --out new --set data.validation=0 --set contextLength=16'),
]

/** All of them, by what is wrong. */
export const flagCases: Readonly<Record<string, readonly FlagCase[]>> = {
  wording,
  values,
  together,
  described,
  paths,
  hub,
  tokenize: tokenizeFlags,
  chat,
  recipes,
}
