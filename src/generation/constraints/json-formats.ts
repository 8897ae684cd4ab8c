/** The formats of JSON Schema's strings as regular expressions: what they allow is of the format, though not all of it. */

const hour = '(?:[01][0-9]|2[0-3])'
const sixty = '[0-5][0-9]'
/** RFC 3339 §5.6; with an offset, as its `full-time` has. */
const time = `${hour}:${sixty}:${sixty}(?:\\.[0-9]{1,9})?(?:Z|[+-]${hour}:${sixty})`
const monthDay =
  '(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))'
const leapYear = '(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)'
/** With the days that each month has, in leap years too. */
const date = `(?:[0-9]{4}-${monthDay}|${leapYear}-02-29)`

const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const ipv4 = `${octet}(?:\\.${octet}){3}`
const hex = '[0-9a-fA-F]{1,4}'
/** RFC 4291 §2.2 without embedded IPv4: eight groups, or fewer around one `::`. */
const ipv6 = [
  `(?:${hex}:){7}${hex}`,
  ...Array.from({ length: 8 }, (_, before) => {
    const left = before === 0 ? '' : `${hex}(?::${hex}){${before - 1}}`
    const most = 7 - before
    return `${left}::${most === 0 ? '' : `(?:${hex}(?::${hex}){0,${most - 1}})?`}`
  }),
].join('|')

const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?'
const atom = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]"

export const formats: Readonly<Record<string, string>> = {
  date,
  time,
  'date-time': `${date}T${time}`,
  uuid: '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}',
  ipv4,
  ipv6,
  hostname: `${label}(?:\\.${label}){0,2}`,
  email: `${atom}{1,32}(?:\\.${atom}{1,16}){0,2}@(?:${label}\\.){1,2}${label}`,
  uri: `(?:https?|ftp)://${label}(?:\\.${label}){0,3}(?::[1-9][0-9]{0,3})?(?:/[a-zA-Z0-9._~-]{0,40}){0,8}(?:\\?[a-zA-Z0-9=&._~-]{0,80})?`,
}
