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

/** A WebSocket whose other end is the test. */
class FakeSocket {
  static readonly OPEN = 1
  static readonly CLOSED = 3
  static opened: FakeSocket[] = []
  readonly address: string
  readyState = FakeSocket.OPEN
  acknowledged = 0
  onmessage: (event: { data: unknown }) => void = () => undefined
  onclose: () => void = () => undefined

  constructor(address: URL) {
    this.address = address.href
    FakeSocket.opened.push(this)
  }

  send(): void {
    this.acknowledged++
  }

  close(): void {
    this.readyState = FakeSocket.CLOSED
    this.onclose()
  }

  receive(data: unknown): void {
    this.onmessage({ data })
  }
}

describe('browserTransport', () => {
  const open = (
    signal = new AbortController().signal,
  ): { socket: FakeSocket; lines: string[]; ended: Promise<void> } => {
    FakeSocket.opened = []
    vi.stubGlobal('WebSocket', FakeSocket)
    vi.stubGlobal('location', { href: 'http://berth.test/#/containers' })
    const lines: string[] = []
    const ended = browserTransport().stream('/x?watch=true', (batch) => lines.push(...batch), signal)
    const [socket] = FakeSocket.opened
    if (!socket) throw new Error('no socket was opened')
    return { socket, lines, ended }
  }

  const answer = (response: Response | Error): void => {
    vi.stubGlobal('fetch', () => (response instanceof Error ? Promise.reject(response) : Promise.resolve(response)))
  }

  it('hands on lines as they come, whatever the messages, and acknowledges each', async () => {
    const { socket, lines, ended } = open()
    for (const byte of new TextEncoder().encode('größer\nzwei\ndrei')) socket.receive(Uint8Array.of(byte).buffer)
    expect(lines).toEqual(['größer', 'zwei'])
    expect(socket.acknowledged).toBe(18)
    socket.receive('{"status":200}')
    socket.close()
    await ended
    expect(lines).toEqual(['größer', 'zwei', 'drei'])
    expect(socket.address).toBe('ws://berth.test/stream?path=%2Fx%3Fwatch%3Dtrue')
  })

  it('says with what status a stream is refused', async () => {
    const { socket, ended } = open()
    socket.receive('{"status":410,"body":"{\\"kind\\":\\"Status\\",\\"message\\":\\"too old\\"}"}')
    socket.close()
    await expect(ended).rejects.toMatchObject({ status: 410, expired: true, message: 'too old' })
  })

  it('takes a stream that ends without a verdict for broken', async () => {
    const { socket, ended } = open()
    socket.close()
    await expect(ended).rejects.toMatchObject({ status: 0, unreachable: true })
  })

  it('closes what is aborted, and opens nothing for what was', async () => {
    const stop = new AbortController()
    const { socket, ended } = open(stop.signal)
    stop.abort()
    await ended
    expect(socket.readyState).toBe(FakeSocket.CLOSED)
    await browserTransport().stream('/x', () => undefined, stop.signal)
    expect(FakeSocket.opened).toHaveLength(1)
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
    Begin: () => Promise.resolve(),
    Dial: () => Promise.resolve(),
    Send: () => Promise.resolve(),
    Save: () => Promise.resolve(''),
    SaveText: () => Promise.resolve(''),
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
    ClipboardGetText: () => Promise.resolve(''),
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
