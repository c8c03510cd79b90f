import { ApiError, asApiError } from '../api/error'
import { listAndWatchPath, resumePath, type KubeObject } from '../api/kinds'
import type { Transport } from '../api/transport'
import { emptyMirror, parseEvent, reduce, restarted, type Mirror, type WatchEvent } from './mirror'

/** How the watch itself is doing. */
export type Link = { state: 'connecting' } | { state: 'live' } | { state: 'broken'; error: ApiError; since: Date }

export interface WatchOptions<T extends KubeObject> {
  transport: Transport
  collection: string
  signal: AbortSignal
  publish: (mirror: Mirror<T>, link: Link) => void
  /** Resolves after that long, or once the signal aborts. */
  sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

const firstDelay = 250
const longestDelay = 5_000
/** Events that come closer together than this are painted together. */
const frame = 16

/** Lists and watches one kind until the signal aborts; every loss is answered by another try. */
export async function watch<T extends KubeObject>(options: WatchOptions<T>): Promise<void> {
  const { transport, collection, signal, publish, sleep = pause } = options
  let mirror = emptyMirror<T>()
  let attempt = 0
  let brokenSince: Date | undefined
  publish(mirror, { state: 'connecting' })
  while (!signal.aborted) {
    const resume = mirror.synced && mirror.resourceVersion !== ''
    if (!resume) mirror = restarted(mirror)
    const path = resume ? resumePath(collection, mirror.resourceVersion) : listAndWatchPath(collection)
    let heard = false
    const batches = new Batches<T>((events) => {
      heard = true
      attempt = 0
      brokenSince = undefined
      mirror = reduce(mirror, events)
      publish(mirror, mirror.reading ? { state: 'connecting' } : { state: 'live' })
    })
    let failure: ApiError | undefined
    try {
      await follow(transport, path, batches, signal)
    } catch (thrown) {
      failure = asApiError(thrown)
    }
    batches.flush()
    if (signal.aborted) return
    if (failure) {
      // Whoever answers next may be another daemon, with other versions: only what is listed anew is sure.
      mirror = restarted(mirror)
      if (!failure.expired) {
        attempt++
        brokenSince ??= new Date()
        publish(mirror, { state: 'broken', error: failure, since: brokenSince })
      }
    }
    if (failure || !heard) await sleep(delay(attempt), signal)
  }
}

export function delay(attempt: number): number {
  return Math.min(firstDelay * 2 ** Math.max(attempt - 1, 0), longestDelay)
}

async function follow<T extends KubeObject>(
  transport: Transport,
  path: string,
  batches: Batches<T>,
  signal: AbortSignal,
): Promise<void> {
  let refused: ApiError | undefined
  const own = new AbortController()
  const stop = (): void => {
    own.abort()
  }
  signal.addEventListener('abort', stop)
  try {
    await transport.stream(
      path,
      (lines) => {
        const events: WatchEvent<T>[] = []
        for (const line of lines) {
          const event = parseEvent<T>(line)
          if (event?.type === 'ERROR') refused = new ApiError(event.code, event.message)
          else if (event) events.push(event)
        }
        batches.push(events)
        if (refused) stop()
      },
      own.signal,
    )
  } finally {
    signal.removeEventListener('abort', stop)
  }
  if (refused) throw refused
}

/** Hands events on at once when it is quiet, and once a frame when it is not. */
class Batches<T extends KubeObject> {
  #waiting: WatchEvent<T>[] = []
  #last = -Infinity
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(readonly apply: (events: WatchEvent<T>[]) => void) {}

  push(events: WatchEvent<T>[]): void {
    if (events.length === 0) return
    this.#waiting.push(...events)
    const due = this.#last + frame - performance.now()
    if (due <= 0) this.flush()
    else
      this.#timer ??= setTimeout(() => {
        this.flush()
      }, due)
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting.length === 0) return
    const events = this.#waiting
    this.#waiting = []
    this.#last = performance.now()
    this.apply(events)
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
}
