/** Dates as Python's strftime writes them. */
import { expect, test } from 'vitest'
import { formatTime } from './template-time.ts'

const format =
  '%a %A %b %B %d %e %-d %H %I %-I %j %m %-m %M %p %S %f %y %Y %u %w %U %W %% %F %T %R %D|%c|%x %X %q %C %h %k %l'

// What Python's datetime(…).strftime(format) is.
test.each([
  [
    new Date(2024, 11, 30, 0, 5, 9, 250),
    'Mon Monday Dec December 30 30 30 00 12 12 365 12 12 05 AM 09 250000 24 2024 1 1 52 53 % 2024-12-30 00:05:09 00:05 12/30/24|Mon Dec 30 00:05:09 2024|12/30/24 00:05:09 %q 20 Dec  0 12',
  ],
  [
    new Date(2023, 0, 1, 12, 0, 0, 0),
    'Sun Sunday Jan January 01  1 1 12 12 12 001 01 1 00 PM 00 000000 23 2023 7 0 01 00 % 2023-01-01 12:00:00 12:00 01/01/23|Sun Jan  1 12:00:00 2023|01/01/23 12:00:00 %q 20 Jan 12 12',
  ],
  [
    new Date(2027, 6, 4, 23, 59, 59, 1),
    'Sun Sunday Jul July 04  4 4 23 11 11 185 07 7 59 PM 59 001000 27 2027 7 0 27 26 % 2027-07-04 23:59:59 23:59 07/04/27|Sun Jul  4 23:59:59 2027|07/04/27 23:59:59 %q 20 Jul 23 11',
  ],
])('%s', (time, text) => expect(formatTime(time, format)).toBe(text))
