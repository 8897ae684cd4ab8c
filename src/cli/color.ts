/** Colors for terminals; the identity everywhere else. */

export type Paint = { readonly [K in keyof typeof codes]: (text: string) => string }

const codes = {
  bold: ['1', '22'],
  dim: ['2', '22'],
  red: ['31', '39'],
  green: ['32', '39'],
  yellow: ['33', '39'],
  blue: ['34', '39'],
  magenta: ['35', '39'],
  cyan: ['36', '39'],
} as const

/** Functions that color a text if `enabled`. */
export const painter = (enabled: boolean): Paint =>
  Object.fromEntries(
    Object.entries(codes).map(([name, [on, off]]) => [
      name,
      (text: string) => (enabled ? `\x1b[${on}m${text}\x1b[${off}m` : text),
    ]),
  ) as Paint

/** From dark green over olive and brown to red: white text is readable on each, whatever the terminal's own background. */
const ramp = [22, 58, 94, 130, 124, 160]

/** A background from green (0) to red (1), for values that a text should show. */
export function heat(share: number, text: string, enabled: boolean): string {
  if (!enabled) return text
  const color = ramp[Math.min(ramp.length - 1, Math.max(0, Math.floor(share * ramp.length)))]!
  return `\x1b[48;5;${color}m\x1b[38;5;231m${text}\x1b[39;49m`
}

/** From navy over blue to near white, each with a text that is readable on it. */
const lights = [17, 18, 25, 31, 38, 80, 122, 194]
const white = 231
const black = 16

/** A background that gets lighter with a share from 0 (dark) to 1. */
export function light(share: number, text: string, enabled: boolean): string {
  if (!enabled) return text
  const level = Math.min(lights.length - 1, Math.max(0, Math.floor(share * lights.length)))
  return `\x1b[48;5;${lights[level]!}m\x1b[38;5;${level < lights.length / 2 ? white : black}m${text}\x1b[39;49m`
}

/** Light backgrounds that tell neighbors apart, with black text on them. */
const tints = [153, 158, 223, 218, 189]

/** One of five backgrounds in turn, so that spaces at the ends of a text can be seen too. */
export const tint = (turn: number, text: string, enabled: boolean): string =>
  enabled ? `\x1b[48;5;${tints[turn % tints.length]}m\x1b[38;5;${black}m${text}\x1b[39;49m` : text

/** White on gray, for what is not part of a text. */
export const label = (text: string, enabled: boolean): string =>
  enabled ? `\x1b[48;5;240m\x1b[38;5;${white}m${text}\x1b[39;49m` : text
