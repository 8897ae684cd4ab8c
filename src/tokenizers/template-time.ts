/** Dates in templates, spelled by Python's directives with the names of its usual locale. */

const months = 'January February March April May June July August September October November December'.split(' ')
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const milliseconds = 86_400_000

const digits = (value: number, width = 2, fill = '0'): string => String(value).padStart(width, fill)
const hour12 = (time: Date): number => time.getHours() % 12 || 12

/** The day of the year, from 1, whatever the clocks were set to since. */
const dayOfYear = (time: Date): number =>
  (Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) - Date.UTC(time.getFullYear(), 0, 0)) / milliseconds

/** Weeks of the year that have begun on a day of the week (0 for Sunday); the days before the first are week 0. */
const weekOfYear = (time: Date, first: number): number =>
  Math.floor((dayOfYear(time) + 6 - ((time.getDay() - first + 7) % 7)) / 7)

/** Each directive, in local time. */
const directives: Readonly<Record<string, (time: Date) => string>> = {
  a: (time) => days[time.getDay()]!.slice(0, 3),
  A: (time) => days[time.getDay()]!,
  b: (time) => months[time.getMonth()]!.slice(0, 3),
  B: (time) => months[time.getMonth()]!,
  c: (time) => formatTime(time, '%a %b %e %H:%M:%S %Y'),
  C: (time) => digits(Math.floor(time.getFullYear() / 100)),
  d: (time) => digits(time.getDate()),
  D: (time) => formatTime(time, '%m/%d/%y'),
  e: (time) => digits(time.getDate(), 2, ' '),
  f: (time) => digits(time.getMilliseconds() * 1000, 6),
  F: (time) => formatTime(time, '%Y-%m-%d'),
  H: (time) => digits(time.getHours()),
  h: (time) => formatTime(time, '%b'),
  I: (time) => digits(hour12(time)),
  j: (time) => digits(dayOfYear(time), 3),
  k: (time) => digits(time.getHours(), 2, ' '),
  l: (time) => digits(hour12(time), 2, ' '),
  m: (time) => digits(time.getMonth() + 1),
  M: (time) => digits(time.getMinutes()),
  n: () => '\n',
  p: (time) => (time.getHours() < 12 ? 'AM' : 'PM'),
  R: (time) => formatTime(time, '%H:%M'),
  s: (time) => String(Math.floor(time.getTime() / 1000)),
  S: (time) => digits(time.getSeconds()),
  t: () => '\t',
  T: (time) => formatTime(time, '%H:%M:%S'),
  u: (time) => String(time.getDay() || 7),
  U: (time) => digits(weekOfYear(time, 0)),
  w: (time) => String(time.getDay()),
  W: (time) => digits(weekOfYear(time, 1)),
  x: (time) => formatTime(time, '%m/%d/%y'),
  X: (time) => formatTime(time, '%H:%M:%S'),
  y: (time) => digits(time.getFullYear() % 100),
  Y: (time) => String(time.getFullYear()),
  // A time without a zone has none to tell.
  z: () => '',
  Z: () => '',
  '%': () => '%',
}

/** A time as Python's `strftime` writes it; `%-d` is without the zero or space before it. What is no directive stays as it is. */
export const formatTime = (time: Date, format: string): string =>
  format.replace(/%(-?)([a-zA-Z%])/g, (found, short: string, name: string) => {
    if (!Object.hasOwn(directives, name)) return found
    const text = directives[name]!(time)
    return short ? text.replace(/^[0 ]+(?=\d)/, '') : text
  })
