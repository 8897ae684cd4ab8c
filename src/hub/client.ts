/** Requests to the hub: with the user's token where it belongs, given up when nothing comes, and tried again when that may help. */
import { version } from '../base/version.ts'
import { type Asked, Fault, faultOf, networkFault, stalled } from './faults.ts'

export type ClientOptions = {
  readonly endpoint: string
  readonly repository: string
  readonly token?: string | undefined
  /** Seconds without a byte after which a connection counts as lost. */
  readonly timeout: number
  /** Seconds before the second try; each further one waits twice as long. */
  readonly delay: number
  readonly signal?: AbortSignal | undefined
  /** Gets a line when something is tried again. */
  readonly warn?: ((message: string) => void) | undefined
}

/** How often something is tried before it counts as failed. */
const mostTries = 5
/** The longest wait a server may ask for, in seconds. */
const longestWait = 60
/** A try that brought so many bytes was no failure: a bad line may cut a large file any number of times. */
const progressBytes = 1 << 20

export class Client {
  readonly asked: Asked
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
    const { endpoint, repository, token } = options
    this.asked = { endpoint, repository, token: token !== undefined }
  }

  /**
   * One request, and what to do with its answer; `alive` is to be called whenever something has come. Throws a `Fault` for what may pass,
   * and a PellucidError for what will not. `accepted` are further statuses that `use` understands.
   */
  async request<T>(
    url: string,
    what: string,
    headers: Readonly<Record<string, string>>,
    use: (response: Response, alive: () => void) => Promise<T>,
    accepted: readonly number[] = [],
  ): Promise<T> {
    const { endpoint, token, timeout, signal } = this.#options
    signal?.throwIfAborted()
    const silence = new AbortController()
    const give = () => silence.abort(stalled(timeout, this.asked))
    let timer = setTimeout(give, timeout * 1000)
    const alive = () => {
      clearTimeout(timer)
      timer = setTimeout(give, timeout * 1000)
    }
    const own = new URL(url).origin === new URL(endpoint).origin
    try {
      // fetch drops the token when it is sent on to another host, as for large files.
      const response = await fetch(url, {
        headers: {
          'user-agent': `pellucid/${version()}`,
          ...(token !== undefined && own && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
      })
      alive()
      if (response.ok || accepted.includes(response.status)) return await use(response, alive)
      await response.body?.cancel()
      throw faultOf(response, what, this.asked)
    } catch (error) {
      signal?.throwIfAborted()
      if (silence.signal.aborted) throw silence.signal.reason
      throw isNetworkError(error) ? networkFault(error, this.asked) : error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Does something until it succeeds, or has failed too often in a row. `bytes` tells what has come so far. */
  async persist<T>(attempt: () => Promise<T>, bytes: () => number = () => 0): Promise<T> {
    const { delay, signal, warn } = this.#options
    for (let failed = 0; ; ) {
      const before = bytes()
      try {
        return await attempt()
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        failed = bytes() - before >= progressBytes ? 1 : failed + 1
        const wait = error.wait ?? delay * 2 ** (failed - 1)
        if (failed === mostTries || wait > longestWait) throw error.final(failed)
        warn?.(`${this.asked.endpoint}: ${error.message}; tried again in ${Math.ceil(wait)} s.`)
        await pause(wait * 1000, signal)
      }
    }
  }
}

/** What fetch throws for a connection that failed, before or in the middle of an answer; errors of ours and of files are none. */
const isNetworkError = (error: unknown): boolean =>
  error instanceof TypeError && (error.message === 'fetch failed' || error.message === 'terminated')

/** Waits, unless the signal says that nobody does any more. */
export const pause = (milliseconds: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal!.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', stop, { once: true })
  })
