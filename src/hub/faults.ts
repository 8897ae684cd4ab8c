/** What can go wrong between here and the hub: what may pass when tried again, what will not, and what a person can do about it. */
import { failure, fileError, type PellucidError } from '../base/errors.ts'
import { show } from '../base/json.ts'

/** Something that may pass: `final` is the error to throw when it does not, after so many tries. */
export class Fault extends Error {
  /** Seconds that the server asks to wait. */
  readonly wait: number | undefined
  readonly final: (tries: number) => PellucidError
  constructor(message: string, final: (tries: number) => PellucidError, wait?: number) {
    super(message)
    this.name = 'Fault'
    this.wait = wait
    this.final = final
  }
}

/** Whom messages are about. */
export type Asked = {
  readonly endpoint: string
  readonly repository: string
  /** Whether a token was sent. */
  readonly token: boolean
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known here',
  EAI_AGAIN: 'names cannot be looked up',
  ECONNREFUSED: 'it refuses the connection',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
}

/** The code of a failed connection, which fetch hides in its cause, or in the first of several causes. */
function codeOf(error: unknown): string | undefined {
  for (let at = error as { code?: unknown; cause?: unknown; errors?: unknown[] } | undefined; at; ) {
    if (typeof at.code === 'string') return at.code
    at = (at.cause ?? at.errors?.[0]) as typeof at
  }
  return undefined
}

/** What the innermost cause says: fetch itself says only that it failed. */
function lastMessage(error: unknown): string {
  const cause = (error as { cause?: unknown } | undefined)?.cause
  return cause instanceof Error ? lastMessage(cause) : error instanceof Error ? error.message : String(error)
}

/** A request that got no answer, or a part of one. */
export function networkFault(error: unknown, { endpoint }: Pick<Asked, 'endpoint'>): Fault {
  const code = codeOf(error)
  const what = (code && reasons[code]) ?? lastMessage(error)
  const text = `${what}${code ? ` (${code})` : ''}`
  return new Fault(text, (tries) =>
    failure(
      'HUB_UNREACHABLE',
      `${endpoint}: ${text}, tried ${tries} times.\n` +
        'Check the network, a proxy, and HF_ENDPOINT; what has been downloaded is kept, so the same command goes on from there.',
      error,
    ),
  )
}

/** A connection that brings nothing any more. */
export const stalled = (seconds: number, asked: Pick<Asked, 'endpoint'>): Fault =>
  networkFault(new Error(`nothing came for ${seconds} s`), asked)

/** Seconds in a Retry-After, or in the hub's own `RateLimit: "api";r=0;t=55`. */
function waitOf(headers: Headers): number | undefined {
  const after = headers.get('retry-after')
  if (after !== null && /^\d+$/.test(after)) return Number(after)
  if (after !== null && !Number.isNaN(Date.parse(after))) return Math.max(0, (Date.parse(after) - Date.now()) / 1000)
  const limit = /;\s*t=(\d+)/.exec(headers.get('ratelimit') ?? '')
  return limit ? Number(limit[1]) : undefined
}

const passing = new Set([408, 425, 429, 500, 502, 503, 504])

/** An answer that is not what was asked for, as the error it is; one that may pass is a `Fault`. */
export function faultOf(response: Response, what: string, asked: Asked): Fault | PellucidError {
  const { status, headers } = response
  const said = headers.get('x-error-message')
  const words = said ? ` (${show(said)})` : ''
  if (!passing.has(status)) return refusal(status, headers.get('x-error-code') ?? '', words, what, asked)
  const wait = waitOf(headers)
  return new Fault(
    `it answers ${status}`,
    (tries) =>
      status === 429
        ? failure(
            'HUB_BUSY',
            `${asked.endpoint}: too many requests (429)${words}${wait === undefined ? '' : `; asks to wait ${Math.ceil(wait)} s`}.\n` +
              `Try again later${asked.token ? '' : ', or set HF_TOKEN: an account may ask more often'}.`,
          )
        : failure(
            'HUB_FAILS',
            `${asked.endpoint}: answers ${status} to ${what}${words}, tried ${tries} times.\nThe fault is there; try again later.`,
          ),
    wait,
  )
}

/** Statuses that stay as they are however often one asks. */
function refusal(
  status: number,
  code: string,
  words: string,
  what: string,
  { endpoint, repository, token }: Asked,
): PellucidError {
  const page = `${endpoint}/${repository}`
  if (code === 'GatedRepo' || (status === 403 && code === ''))
    return failure(
      'HUB_GATED',
      `${repository}: may only be downloaded by who has accepted its license${words}.\n` +
        `Accept it at ${page}, then ` +
        (token
          ? 'try again; the token in use (HF_TOKEN) must be of the account that did.'
          : 'set HF_TOKEN to a token of that account.'),
    )
  if (code === 'RevisionNotFound')
    return fileError(
      'HUB_NOT_FOUND',
      `${what}: there is no such revision${words}.\nSee ${page}/tree/main for those there are.`,
    )
  if (code === 'EntryNotFound') return fileError('HUB_NOT_FOUND', `${what}: there is no such file${words}.`)
  if (status === 401 && token && code === '')
    return failure(
      'HUB_TOKEN',
      `${endpoint}: does not accept the token (401)${words}.\nMake a new one and set HF_TOKEN, or unset it for what is public.`,
    )
  if (status === 401 || status === 404)
    return fileError(
      'HUB_NOT_FOUND',
      `${repository}: there is no such model at ${endpoint}${words}, or it is private.\n` +
        (token
          ? 'Check the name, and whether the token may read it.'
          : 'Check the name; a private one needs HF_TOKEN.'),
    )
  return failure(
    'HUB_REFUSES',
    `${endpoint}: answers ${status} to ${what}${words}, expected 200.\nIs HF_ENDPOINT right?`,
  )
}

/** An answer that makes no sense for a hub. */
export const strange = ({ endpoint }: Pick<Asked, 'endpoint'>, what: string, error?: unknown): PellucidError =>
  failure('HUB_ANSWER', `${endpoint}: ${what}.\nIs HF_ENDPOINT the address of a Hugging Face hub?`, error)
