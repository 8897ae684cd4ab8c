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
