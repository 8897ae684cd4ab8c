/** Telling by its first bytes what a file really is, where something else was expected: the mix-ups that downloads end in. */

/** How many bytes of a file `impostorOf` wants to see. */
export const impostorBytes = 512

const pickle = 'probably a PyTorch checkpoint. Convert it to safetensors with Python.'

/** The length of a safetensors header may begin with the same bytes, but its last four are zero. */
const isPickle = (start: Uint8Array): boolean =>
  start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5 && start.subarray(4, 8).some((byte) => byte !== 0)

/** How a file begins, byte for byte, and what it then is and what to do about it. */
const signs: readonly (readonly [sign: string | RegExp | ((start: Uint8Array) => boolean), what: string])[] = [
  ['version https://git-lfs', 'a Git LFS pointer, not the file itself. Run `git lfs pull`, or download the file.'],
  [
    /^(?:\xef\xbb\xbf)?\s*<(!doctype|!--|html|head|body|\?xml)/i,
    'a web page: the download led to an error or login page. Download it again.',
  ],
  ['PK\x03\x04', `a zip archive (pickle), ${pickle}`],
  [isPickle, `a Python pickle, ${pickle}`],
  ['GGUF', 'a GGUF file. Convert it to safetensors first.'],
  [/^(lmgg|fmgg|tjgg|ggml|ggmf|ggjt)/, 'a GGML file. Convert it to safetensors first.'],
  ['\x89HDF\r\n', 'an HDF5 file, probably of Keras. Convert it to safetensors with Python.'],
  ['\x93NUMPY', 'a NumPy array. Convert it to safetensors with Python.'],
  ['\x1f\x8b\x08', 'compressed with gzip. Unpack it first.'],
  ['BZh', 'compressed with bzip2. Unpack it first.'],
  ['\xfd7zXZ', 'compressed with xz. Unpack it first.'],
  ['\x28\xb5\x2f\xfd', 'compressed with Zstandard. Unpack it first.'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive. Unpack it first.'],
  ['Rar!', 'a RAR archive. Unpack it first.'],
  [/^[\s\S]{257}ustar/, 'a tar archive. Unpack it first.'],
]

/** A clause to follow "this is", or undefined for a file that is none of the usual mix-ups. `start` are its first bytes. */
export function impostorOf(start: Uint8Array): string | undefined {
  const text = String.fromCharCode(...start.subarray(0, impostorBytes))
  const holds = (sign: (typeof signs)[number][0]): boolean =>
    typeof sign === 'string' ? text.startsWith(sign) : typeof sign === 'function' ? sign(start) : sign.test(text)
  return signs.find(([sign]) => holds(sign))?.[1]
}
