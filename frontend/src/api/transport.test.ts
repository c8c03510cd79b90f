import { afterEach, describe, expect, it, vi } from 'vitest'
import { browserTransport } from './browser'
import type { Bridge, Desktop } from './desktop'
import { ApiError, refusal } from './error'
import { LineSplitter } from './lines'
import { wailsTransport } from './wails'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('LineSplitter', () => {
  it('gives the same lines however the text is cut', () => {
    const text = 'eins\nzwölf\n\n{"a":"b"}\nrest'
    for (let size = 1; size <= text.length; size++) {
      const splitter = new LineSplitter()
      const lines: string[] = []
      for (let at = 0; at < text.length; at += size) lines.push(...splitter.push(text.slice(at, at + size)))
      expect([...lines, ...splitter.end()]).toEqual(['eins', 'zwölf', '{"a":"b"}', 'rest'])
    }
  })
})

describe('refusal', () => {
  it.each([
    [
      'a Status',
      '{"kind":"Status","status":"Failure","message":"is in use","reason":"Conflict"}',
      'is in use',
      'Conflict',
    ],
    ['plain text', 'Run `berth ui`.\n', 'Run `berth ui`.', ''],
    ['nothing', '', 'HTTP 409', ''],
    ['other JSON', '[1]', '[1]', ''],
  ])('explains itself by %s', (_, body, message, reason) => {
    expect(refusal(409, body)).toMatchObject({ status: 409, message, reason })
  })
})

describe('browserTransport', () => {
  const answer = (response: Response | Error): void => {
    vi.stubGlobal('fetch', () => (response instanceof Error ? Promise.reject(response) : Promise.resolve(response)))
  }

  it('hands on lines as they come, whatever the chunks', async () => {
    const bytes = new TextEncoder().encode('größer\nzwei\ndrei')
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    answer(new Response(body))
    const lines: string[] = []
    await browserTransport().stream('/x', (batch) => lines.push(...batch), new AbortController().signal)
    expect(lines).toEqual(['größer', 'zwei', 'drei'])
  })

  it('says with what status a stream is refused', async () => {
    answer(new Response('{"kind":"Status","message":"too old"}', { status: 410 }))
    const stream = browserTransport().stream('/x', () => undefined, new AbortController().signal)
    await expect(stream).rejects.toMatchObject({ status: 410, expired: true, message: 'too old' })
  })

  it('says that nobody answers', async () => {
    answer(new TypeError('Failed to fetch'))
    await expect(browserTransport().request({ method: 'GET', path: '/x' })).rejects.toMatchObject({
      status: 0,
      unreachable: true,
    })
  })
})

/** A window whose Go side is the test. */
class FakeDesktop implements Desktop {
  readonly calls: string[] = []
  readonly #listeners = new Map<string, (...data: unknown[]) => void>()
  openFails: Error | undefined

  bridge: Bridge = {
    Request: (method, path, contentType, body) => {
      this.calls.push(['Request', method, path, contentType, body].join(' '))
      return Promise.resolve({ status: 200, body: '{}' })
    },
    Open: (id, path) => {
      this.calls.push(`Open ${id} ${path} heard by ${[...this.#listeners.keys()].join(' ')}`)
      return this.openFails ? Promise.reject(this.openFails) : Promise.resolve()
    },
    Ack: (id, batches) => {
      this.calls.push(`Ack ${id} ${String(batches)}`)
      return Promise.resolve()
    },
    Close: (id) => {
      this.calls.push(`Close ${id}`)
      return Promise.resolve()
    },
  }
  runtime = {
    EventsOn: (event: string, callback: (...data: unknown[]) => void) => {
      this.#listeners.set(event, callback)
      return () => this.#listeners.delete(event)
    },
    BrowserOpenURL: () => undefined,
    ClipboardSetText: () => Promise.resolve(true),
  }

  emit(event: string, ...data: unknown[]): void {
    this.#listeners.get(event)?.(...data)
  }

  get listening(): number {
    return this.#listeners.size
  }
}

describe('wailsTransport', () => {
  const open = (
    desktop: FakeDesktop,
    signal = new AbortController().signal,
  ): { lines: string[]; ended: Promise<void> } => {
    const lines: string[] = []
    const ended = wailsTransport(desktop, () => 'id').stream('/things', (batch) => lines.push(...batch), signal)
    return { lines, ended }
  }

  it('listens before it opens, and acknowledges each batch', async () => {
    const desktop = new FakeDesktop()
    const { lines, ended } = open(desktop)
    expect(desktop.calls).toEqual(['Open id /things heard by stream:id stream-end:id'])
    desktop.emit('stream:id', ['one', 'two'])
    desktop.emit('stream:id', ['three'])
    expect(lines).toEqual(['one', 'two', 'three'])
    expect(desktop.calls.slice(1)).toEqual(['Ack id 1', 'Ack id 1'])
    desktop.emit('stream-end:id', '', 0)
    await ended
    expect(desktop.listening).toBe(0)
  })

  it('says why and with what status a stream ended', async () => {
    const desktop = new FakeDesktop()
    const { ended } = open(desktop)
    desktop.emit('stream-end:id', 'too old resource version', 410)
    await expect(ended).rejects.toMatchObject({ status: 410, expired: true, message: 'too old resource version' })
    expect(desktop.listening).toBe(0)
  })

  it('closes what is aborted', async () => {
    const desktop = new FakeDesktop()
    const stop = new AbortController()
    const { ended } = open(desktop, stop.signal)
    stop.abort()
    await ended
    expect(desktop.calls).toContain('Close id')
    expect(desktop.listening).toBe(0)
  })

  it('says why a stream could not be opened', async () => {
    const desktop = new FakeDesktop()
    desktop.openFails = new Error('berth is not on PATH')
    await expect(open(desktop).ended).rejects.toThrow(new ApiError(0, 'berth is not on PATH'))
    expect(desktop.listening).toBe(0)
  })

  it('carries a request', async () => {
    const desktop = new FakeDesktop()
    const request = { method: 'PATCH', path: '/x', contentType: 'application/merge-patch+json', body: '{}' } as const
    expect(await wailsTransport(desktop).request(request)).toEqual({ status: 200, body: '{}' })
    expect(desktop.calls).toEqual(['Request PATCH /x application/merge-patch+json {}'])
  })
})
