import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Desktop } from './desktop'
import { beginTalk, readVerdict, type Ended } from './talk'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('readVerdict', () => {
  it.each<[string, string, Ended]>([
    ['success', '{"status":"Success"}', { code: 0 }],
    [
      'an exit code',
      '{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}',
      { code: 3 },
    ],
    [
      'a refusal',
      '{"status":"Failure","message":"is not running","code":409}',
      { reason: 'is not running', status: 409 },
    ],
    ['nonsense', 'x', { reason: '', status: 500 }],
  ])('understands %s', (_, text, want) => {
    expect(readVerdict(text)).toEqual(want)
  })
})

/** A window whose Go side is the test. */
function fakeWindow(dialled: () => Promise<void>) {
  const events = new Map<string, (...data: unknown[]) => void>()
  const sent: string[] = []
  const bridge = {
    Begin: vi.fn(),
    Request: vi.fn(),
    Open: vi.fn(),
    Save: vi.fn(),
    SaveText: vi.fn(),
    Dial: vi.fn(dialled),
    Send: vi.fn((_id: string, message: string) => {
      sent.push(atob(message))
      return Promise.resolve()
    }),
    Ack: vi.fn(() => Promise.resolve()),
    Close: vi.fn(() => Promise.resolve()),
  }
  const runtime = {
    EventsOn: (event: string, callback: (...data: unknown[]) => void) => {
      events.set(event.replace(/:.*/, ''), callback)
      return () => events.delete(event.replace(/:.*/, ''))
    },
    BrowserOpenURL: vi.fn(),
    ClipboardSetText: vi.fn(),
    ClipboardGetText: vi.fn(),
  }
  const desktop: Desktop = { bridge, runtime }
  return { desktop, bridge, sent, events, tell: (event: string, ...data: unknown[]) => events.get(event)?.(...data) }
}

function listen() {
  const told: string[] = []
  return {
    told,
    heard: {
      begun: () => void told.push('begun'),
      output: (bytes: Uint8Array) => void told.push(new TextDecoder().decode(bytes)),
      ended: (how: Ended) => void told.push(JSON.stringify(how)),
    },
  }
}

describe('a session through the window', () => {
  it('sends in order, once it is dialled', async () => {
    let dialled: () => void = () => undefined
    const { desktop, bridge, sent, tell } = fakeWindow(() => new Promise((resolve) => (dialled = resolve)))
    const { told, heard } = listen()
    const talk = beginTalk('/exec?command=sh', heard, desktop)
    talk.resize(80, 24)
    talk.type(new TextEncoder().encode('ls\r'))
    expect(sent).toEqual([])
    dialled()
    await vi.waitFor(() => {
      expect(sent).toEqual(['\x04{"Width":80,"Height":24}', '\x00ls\r'])
    })
    expect(bridge.Dial.mock.calls[0]?.at(1)).toBe('/exec?command=sh&window=262144')
    tell('stream', [btoa('\x01'), btoa('\x01hi'), btoa('\x03{"status":"Success"}')])
    tell('stream-end', '', 0)
    expect(told).toEqual(['begun', 'hi', '{"code":0}'])
    expect(bridge.Ack).toHaveBeenCalledTimes(1)
  })

  it('tells why it could not begin', async () => {
    const { desktop } = fakeWindow(() => Promise.reject(new Error('no daemon')))
    const { told, heard } = listen()
    beginTalk('/exec?command=sh', heard, desktop)
    await vi.waitFor(() => {
      expect(told).toEqual(['{"status":0,"reason":"no daemon"}'])
    })
  })

  it('cuts long input, and says nothing after it was closed', async () => {
    const { desktop, bridge, sent, events } = fakeWindow(() => Promise.resolve())
    const { told, heard } = listen()
    const talk = beginTalk('/exec?command=sh', heard, desktop)
    talk.type(new Uint8Array(300_000))
    await vi.waitFor(() => {
      expect(sent.map((one) => one.length)).toEqual([131_073, 131_073, 37_857])
    })
    talk.close()
    await vi.waitFor(() => {
      expect(bridge.Close).toHaveBeenCalledTimes(1)
    })
    expect(events.size).toBe(0)
    expect(told).toEqual([])
  })
})
