/** Where the hub is and where its files are kept, as the environment says: the same variables, and the same meanings, as in Python. */
import { usageError } from '../base/errors.ts'
import { fs, path } from '../base/files.ts'
import { show } from '../base/json.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type HubEnvironment = {
  /** Without a final slash. */
  readonly endpoint: string
  /** The directory with a folder for each repository. */
  readonly cache: string
  /** Nothing may be asked of the network. */
  readonly offline: boolean
  /** Whether files of a snapshot may be links. */
  readonly links: boolean
  /** Seconds without a byte after which a connection counts as lost. */
  readonly timeout: number
  /** The token of the user's account, where there is one. Read when asked for: only a download needs it. */
  token(): string | undefined
}

const isTrue = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value ?? '')

/** `~` and `$NAME` in a path, as a shell would read them. */
function expand(place: string, environment: Environment): string {
  const home = process.getBuiltinModule('node:os').homedir()
  return place
    .replace(/^~(?=$|[/\\])/, () => home)
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => environment[braced ?? bare!] ?? whole)
}

/** What the environment says. Throws BAD_ENVIRONMENT for an HF_ENDPOINT that is no web address. */
export function hubEnvironment(environment: Environment = process.env): HubEnvironment {
  const { join, resolve } = path()
  const place = (name: string, otherwise: string) => resolve(expand(environment[name] || otherwise, environment))
  const home = place('HF_HOME', join(environment.XDG_CACHE_HOME || '~/.cache', 'huggingface'))
  return {
    endpoint: endpointOf(environment.HF_ENDPOINT || 'https://huggingface.co'),
    cache: place('HF_HUB_CACHE', environment.HUGGINGFACE_HUB_CACHE || join(home, 'hub')),
    offline: isTrue(environment.HF_HUB_OFFLINE || environment.TRANSFORMERS_OFFLINE),
    links: !isTrue(environment.HF_HUB_DISABLE_SYMLINKS),
    timeout: Number(environment.HF_HUB_DOWNLOAD_TIMEOUT) || 30,
    token: () => {
      if (isTrue(environment.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined
      const given = environment.HF_TOKEN || environment.HUGGING_FACE_HUB_TOKEN
      return clean(given || readIfThere(place('HF_TOKEN_PATH', join(home, 'token'))))
    },
  }
}

function endpointOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '')
  throw usageError(
    'BAD_ENVIRONMENT',
    `HF_ENDPOINT is ${show(text)}, expected a web address such as https://huggingface.co.`,
  )
}

/** A header holds one line of visible characters. */
function clean(token: string | undefined): string | undefined {
  const text = token?.replace(/[\r\n]/g, '').trim()
  if (text === undefined || /^[\x21-\x7e]+$/.test(text)) return text
  if (text === '') return undefined
  throw usageError(
    'BAD_ENVIRONMENT',
    'HF_TOKEN (or the token file) holds what no token does; expected letters and digits.',
  )
}

function readIfThere(file: string): string | undefined {
  try {
    return fs().readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
