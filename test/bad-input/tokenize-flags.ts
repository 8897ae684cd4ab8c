/** Command lines of `pellucid tokenize` that must be refused: values, sources and flags that do not go together, conversations that are none. */
import { type FlagCase, notWhole, refuse } from './flag-case.ts'

export const tokenizeFlags: readonly FlagCase[] = [
  ...['', ',', '1,,2', '1;2', '-1', '1.5', '1e3', 'the'].map((value) =>
    refuse(2, /--decode is '.*expected token ids such as/, 'tokenize model --decode=%1', value),
  ),
  ...['[1', '1]', '[]', '[[1]]', '1 , , 2', '1 -2', '"1"'].map((value) =>
    refuse(2, /--decode is '.*expected token ids such as/, 'tokenize model --decode=%1', value),
  ),
  refuse(2, /--decode has 300, an id that no token has/, 'tokenize model --decode 5,300'),
  refuse(2, /--decode has 4294967296, an id/, 'tokenize model --decode 4294967296 --json'),
  ...notWhole.map((value) => refuse(2, /--max-length is '/, 'tokenize model a --max-length=%1', value)),
  refuse(2, /--max-length is '2147483648'/, 'tokenize model a --max-length 2147483648'),
  refuse(2, /one text.*found a text as an argument and --decode/, 'tokenize model a --decode 1'),
  refuse(2, /one text.*found --file and --chat/, 'tokenize model --file text.txt --chat text.txt'),
  refuse(2, /one text.*found --jsonl and --decode/, 'tokenize model --jsonl text.txt --decode 1'),
  ...['--jsonl text.txt', '--chat text.txt', '--decode 1'].flatMap((source) => [
    refuse(2, /--pair is for one text/, `tokenize model ${source} --pair a`),
    refuse(2, /--explain is for one text/, `tokenize model ${source} --explain`),
  ]),
  ...['--jsonl text.txt', '--decode 1'].map((source) =>
    refuse(2, /--offsets is for a text that is drawn/, `tokenize model ${source} --offsets`),
  ),
  ...['--chat text.txt', '--decode 1'].map((source) =>
    refuse(2, /--special is for a text as it was written/, `tokenize model ${source} --special text`),
  ),
  ...['--seed 1', '--alpha 1', '--dropout 0.5'].map((flag) =>
    refuse(2, /Only --sample draws at random/, `tokenize model a ${flag}`),
  ),
  ...['--pair b', '--max-length 5', '--offsets'].map((flag) =>
    refuse(2, /--n-best shows ways/, `tokenize model a --n-best 2 ${flag}`),
  ),
  ...['--sample', '--n-best 2'].map((flag) =>
    refuse(2, new RegExp(`leave out ${flag.split(' ')[0]}`), `tokenize model a --explain ${flag}`),
  ),
  ...['--chat text.txt', '--decode 1'].map((source) =>
    refuse(2, /--sample is for texts/, `tokenize model ${source} --sample`),
  ),
  refuse(2, /--n-best is for one text/, 'tokenize model --jsonl text.txt --n-best 3'),
  refuse(2, /does not score ways/, 'tokenize model a --n-best 3'),
  ...['--alpha 1', '--n-best 2'].map((flag) =>
    refuse(2, new RegExp(`^${flag.split(' ')[0]} is for Unigram; byte`), `tokenize model a --sample ${flag}`),
  ),
  refuse(2, /without a dropout\.\nGive --dropout/, 'tokenize model a --sample'),
  ...['', '-0.1', '1.1', 'NaN', 'half'].map((value) =>
    refuse(2, /--dropout is '/, 'tokenize model a --sample --dropout=%1', value),
  ),
  ...['', '-1', 'NaN', 'Infinity'].map((value) =>
    refuse(2, /--alpha is '/, 'tokenize model a --sample --alpha=%1', value),
  ),
  ...['', '0', '1.5', '1000001'].map((value) => refuse(2, /--n-best is '/, 'tokenize model a --n-best=%1', value)),
  refuse(2, /--max-length is for/, 'tokenize model --decode 1 --max-length 5'),
  refuse(2, /--lossy is for/, 'tokenize model --decode 1 --lossy'),
  ...['--pair b', '--max-length 5', '--offsets'].map((flag) =>
    refuse(2, new RegExp(`--explain shows .* leave out ${flag.split(' ')[0]}`), `tokenize model a --explain ${flag}`),
  ),
  refuse(2, /leave out --offsets/, 'tokenize model a --json --offsets'),
  refuse(2, /leave out --ids/, 'tokenize model a --json --ids'),
  refuse(2, /--counts prints nothing else; leave out --ids/, 'tokenize model a --counts --ids'),
  refuse(2, /--counts prints nothing else; leave out --offsets/, 'tokenize model a --counts --offsets'),
  refuse(2, /--ids prints nothing else; leave out --offsets/, 'tokenize model a --ids --offsets'),
  ...['--jsonl text.txt', '--chat text.txt', '--decode 1'].flatMap((source) => [
    refuse(2, /--ids is for one text/, `tokenize model ${source} --ids`),
    refuse(2, /--counts is for one text/, `tokenize model ${source} --counts`),
  ]),
  ...['--ids', '--counts'].flatMap((flag) => [
    refuse(2, new RegExp(`leave out ${flag}`), `tokenize model a --explain ${flag}`),
    refuse(2, new RegExp(`leave out ${flag}`), `tokenize model a --n-best 2 ${flag}`),
  ]),
  refuse(2, /one text/, 'tokenize model --explain'),
  refuse(2, /has 2\d{4} characters, expected at most/, 'tokenize --explain %1', 'ab'.repeat(12_000)),
  ...[
    ['null.json', /^null\.json:1: holds null, which has no messages/],
    ['list.json', /^list\.json:1: holds no message/],
    ['number.json', /^number\.json:1: holds 42/],
    ['blank.json', /^blank\.json: is empty/],
    ['open.json', /^open\.json:1:2: not valid JSON/],
    ['deep.json', /^deep\.json:1:129: .*nested more than 128 deep/],
    ['bom.json', /^bom\.json:1:1: .*byte order mark/],
    ['bad.jsonl', /^bad\.jsonl:1: holds "fine"/],
    ['no-role.json', /^no-role\.json:2: message 1 is \{"content":"b"\}/],
    ['latin1.json', /^latin1\.json: not UTF-8 at byte 20/],
    ['chat.json', /chat template/],
  ].map(([file, says]) => refuse(3, says as RegExp, 'tokenize model --chat %1', file as string)),
]
