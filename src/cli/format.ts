/** Numbers and texts as people like to read them. */

/** 124_439_808 → 124.4M. */
export function count(value: number): string {
  for (const [limit, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const)
    if (value >= limit) return `${(value / limit).toFixed(value >= 100 * limit ? 0 : 1)}${unit}`
  return String(Math.round(value))
}

/** 548_105_171 → 548.1 MB: as the hub counts, in powers of a thousand. */
export function bytesText(bytes: number): string {
  for (const [limit, unit] of [
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ] as const)
    if (bytes >= limit) return `${(bytes / limit).toFixed(1)} ${unit}`
  return `${Math.round(bytes)} bytes`
}

/** 75 → 1m 15s. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return h ? `${h}h ${m}m` : m ? `${m}m ${s}s` : `${s}s`
}

/** 1 token, 2 tokens. */
export const many = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`
