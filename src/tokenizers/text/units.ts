/** UTF-16 code units → a string, quickly for any length, in one byte per unit where the text allows it. */

const utf16 = new TextDecoder('utf-16le', { ignoreBOM: true })
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Below this length a call with an argument per unit is the fastest way. */
const short = 512

/** The text of well-formed UTF-16. */
export function textOfUnits(units: Uint16Array): string {
  if (units.length < short) return String.fromCharCode.apply(null, units as unknown as number[])
  let all = 0
  for (let i = 0; i < units.length; i++) all |= units[i]!
  // Engines keep what was decoded from ASCII in one byte per unit, which every later stage reads faster.
  return all < 0x80 ? utf8.decode(Uint8Array.from(units)) : utf16.decode(units)
}
