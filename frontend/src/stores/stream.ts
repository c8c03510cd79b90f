import { asApiError, type ApiError } from '../api/error'
import type { Transport } from '../api/transport'

export interface Followed {
  transport: Pick<Transport, 'stream'>
  /** Where to go on; asked anew each time, for it may depend on what came already. */
  path: () => string
  lines: (batch: string[]) => void
  /** It ended, in order where there is no error. Says whether and after how many milliseconds to go on. */
  ended: (error: ApiError | undefined) => number | undefined
}

/**
 * Follows a stream while the page can be seen, and goes on where it was left when it is seen again: nobody pays for what
 * nobody looks at. Returns what ends it.
 */
export function follow({ transport, path, lines, ended }: Followed): () => void {
  let current: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false

  const start = (): void => {
    if (over || current || document.visibilityState === 'hidden') return
    const own = new AbortController()
    current = own
    const settle = (error: ApiError | undefined): void => {
      if (current !== own) return
      current = undefined
      if (over || own.signal.aborted) return
      const wait = ended(error)
      if (wait !== undefined) timer = setTimeout(start, wait)
    }
    transport
      .stream(
        path(),
        (batch) => {
          if (current === own) lines(batch)
        },
        own.signal,
      )
      .then(
        () => {
          settle(undefined)
        },
        (thrown: unknown) => {
          settle(asApiError(thrown))
        },
      )
  }
  const pause = (): void => {
    clearTimeout(timer)
    current?.abort()
    current = undefined
  }
  const seen = (): void => {
    if (document.visibilityState === 'hidden') pause()
    else start()
  }
  document.addEventListener('visibilitychange', seen)
  start()
  return () => {
    over = true
    document.removeEventListener('visibilitychange', seen)
    pause()
  }
}
