import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../api/error'
import type { KubeObject } from '../api/kinds'
import type { Transport } from '../api/transport'
import { initialEventsEnd, type Mirror } from './mirror'
import { delay, watch, type Link } from './watch'

const added = (name: string): string =>
  JSON.stringify({ type: 'ADDED', object: { metadata: { name, resourceVersion: '5' } } })
const end = JSON.stringify({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: '9', annotations: { [initialEventsEnd]: 'true' } } },
})
const expired = JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old' } })

interface Stream {
  path: string
  lines: (batch: string[]) => void
  end: () => void
  fail: (error: ApiError) => void
}

/** A transport whose streams the test speaks for. */
class Scripted implements Transport {
  readonly streams: Stream[] = []
  request = (): Promise<never> => Promise.reject(new Error('nobody asks here'))
  stream = (path: string, lines: (batch: string[]) => void, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        resolve()
      })
      this.streams.push({ path, lines, end: resolve, fail: reject })
    })

  get last(): Stream {
    const stream = this.streams.at(-1)
    if (!stream) throw new Error('no stream was opened')
    return stream
  }
}

describe('watch', () => {
  let transport: Scripted
  let stop: AbortController
  let seen: { mirror: Mirror<KubeObject>; link: Link }[]
  let slept: number[]

  const now = (): { mirror: Mirror<KubeObject>; link: Link } => {
    const last = seen.at(-1)
    if (!last) throw new Error('nothing was published')
    return last
  }
  const turn = async (): Promise<void> => {
    await vi.advanceTimersByTimeAsync(20)
  }

  beforeEach(() => {
    vi.useFakeTimers()
    transport = new Scripted()
    stop = new AbortController()
    seen = []
    slept = []
    void watch<KubeObject>({
      transport,
      collection: '/things',
      signal: stop.signal,
      publish: (mirror, link) => seen.push({ mirror, link }),
      sleep: (milliseconds) => {
        slept.push(milliseconds)
        return Promise.resolve()
      },
    })
  })
  afterEach(() => {
    stop.abort()
    vi.useRealTimers()
  })

  it('asks for everything first', () => {
    const query = new URL(transport.last.path, 'http://x').searchParams
    expect(Object.fromEntries(query)).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      resourceVersion: '',
    })
    expect(now().link.state).toBe('connecting')
  })

  it('is live once the list is whole', async () => {
    transport.last.lines([added('a'), end])
    await turn()
    expect(now().link.state).toBe('live')
    expect([...now().mirror.items.keys()]).toEqual(['a'])
  })

  it('goes on where it was when a watch ends in order', async () => {
    transport.last.lines([added('a'), end])
    transport.last.end()
    await turn()
    expect(transport.streams).toHaveLength(2)
    expect(transport.last.path).toBe('/things?watch=true&allowWatchBookmarks=true&resourceVersion=9')
    expect(now().link.state).toBe('live')
  })

  it('reads everything anew after 410, showing what it knew meanwhile', async () => {
    transport.last.lines([added('a'), end])
    transport.last.end()
    await turn()
    transport.last.lines([expired])
    await turn()
    expect(transport.last.path).toContain('sendInitialEvents=true')
    expect([...now().mirror.items.keys()]).toEqual(['a'])
    transport.last.lines([added('b'), end])
    await turn()
    expect([...now().mirror.items.keys()]).toEqual(['b'])
  })

  it('reads everything anew after a broken stream, and says since when it is broken', async () => {
    transport.last.lines([added('a'), end])
    await turn()
    const since = new Date()
    transport.last.fail(new ApiError(0, 'gone'))
    await turn()
    expect(now().link).toMatchObject({ state: 'broken', since, error: { message: 'gone' } })
    expect(now().mirror.synced).toBe(true)
    expect(transport.last.path).toContain('sendInitialEvents=true')
    transport.last.fail(new ApiError(0, 'still gone'))
    await turn()
    expect(now().link).toMatchObject({ state: 'broken', since })
    transport.last.lines([end])
    await turn()
    expect(now().link.state).toBe('live')
    expect(now().mirror.items.size).toBe(0)
  })

  it('waits longer after each failure, and starts over after a success', async () => {
    for (let i = 0; i < 7; i++) {
      transport.last.fail(new ApiError(0, 'gone'))
      await turn()
    }
    expect(slept).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000])
    transport.last.lines([end])
    await turn()
    transport.last.fail(new ApiError(0, 'gone'))
    await turn()
    expect(slept.at(-1)).toBe(250)
  })

  it('paints a burst together', async () => {
    transport.last.lines([end])
    await turn()
    const before = seen.length
    for (let i = 0; i < 100; i++) transport.last.lines([added(`c${String(i)}`)])
    await turn()
    expect(now().mirror.items.size).toBe(100)
    expect(seen.length - before).toBeLessThanOrEqual(2)
  })

  it('stops for good when told to', async () => {
    transport.last.lines([end])
    stop.abort()
    await turn()
    expect(transport.streams).toHaveLength(1)
  })
})

describe('delay', () => {
  it('has an upper bound', () => {
    expect(delay(50)).toBe(5000)
  })
})
