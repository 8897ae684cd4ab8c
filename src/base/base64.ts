/** Bytes as text in base64 (RFC 4648, §4), in Node and in a page. */

/** Arguments of one call lie on the stack, so long lists are spelled in parts. */
const partLength = 8192

export function toBase64(bytes: Uint8Array): string {
  let characters = ''
  for (let i = 0; i < bytes.length; i += partLength)
    characters += String.fromCharCode(...bytes.subarray(i, i + partLength))
  return btoa(characters)
}

/** The bytes, or undefined for a text that is no base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const characters = atob(text)
    const bytes = new Uint8Array(characters.length)
    for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i)
    return bytes
  } catch {
    return undefined
  }
}
