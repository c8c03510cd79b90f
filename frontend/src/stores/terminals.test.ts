import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Ended, Heard } from '../api/talk'
import { sides } from '../text/sides'

/** A session that was asked for, whose other side is the test. */
interface Asked {
  path: string
  heard: Heard
  typed: string
  sizes: [number, number][]
  done: number
  closed: boolean
}

/** The screen, of which only what passes through it matters here: xterm.js needs a page. */
interface Screen {
  written: string
  painted: (() => void)[]
  options: { screenReaderMode?: boolean; theme?: unknown }
  type: (data: string) => void
  resized: (size: { cols: number; rows: number }) => void
  disposed: boolean
}

const { asked, screens, stored, restyled } = vi.hoisted(() => {
  const stored = new Map<string, string>()
  const restyled: (() => void)[] = []
  const element = { className: '', clientHeight: 0, remove: (): undefined => undefined }
  Object.assign(globalThis, {
    document: { createElement: () => ({ ...element }), documentElement: { dataset: {} } },
    getComputedStyle: () => ({ getPropertyValue: () => ' #123456 ' }),
    MutationObserver: class {
      constructor(changed: () => void) {
        restyled.push(changed)
      }
      observe(): void {
        // The test says when something changed.
      }
    },
    window: {
      localStorage: {
        getItem: (key: string) => stored.get(key) ?? null,
        setItem: (key: string, value: string) => stored.set(key, value),
      },
    },
  })
  return { asked: [] as Asked[], screens: [] as Screen[], stored, restyled }
})

vi.mock('@xterm/xterm/css/xterm.css', () => ({}))
vi.mock('@xterm/addon-fit', () => ({ FitAddon: vi.fn() }))
vi.mock('../lib/sheet', () => ({ defineSheets: () => undefined }))
vi.mock('@xterm/xterm', () => ({
  Terminal: class {
    readonly screen: Screen
    readonly cols = 80
    readonly rows = 24
    readonly buffer = { active: { cursorX: 0 } }
    readonly loadAddon = vi.fn()
    readonly attachCustomKeyEventHandler = vi.fn()
    readonly onBinary = vi.fn()
    constructor(readonly options: Screen['options']) {
      this.screen = {
        written: '',
        painted: [],
        options,
        type: () => undefined,
        resized: () => undefined,
        disposed: false,
      }
      screens.push(this.screen)
    }
    onData(typed: Screen['type']): void {
      this.screen.type = typed
    }
    onResize(resized: Screen['resized']): void {
      this.screen.resized = resized
    }
    write(bytes: Uint8Array | string, painted?: () => void): void {
      this.screen.written += typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)
      if (painted) this.screen.painted.push(painted)
    }
    dispose(): void {
      this.screen.disposed = true
    }
  },
}))
vi.mock('../api/talk', () => ({
  beginTalk: (path: string, heard: Heard) => {
    const one: Asked = { path, heard, typed: '', sizes: [], done: 0, closed: false }
    asked.push(one)
    return {
      type: (bytes: Uint8Array) => (one.typed += new TextDecoder().decode(bytes)),
      resize: (columns: number, rows: number) => one.sizes.push([columns, rows]),
      done: (bytes: number) => (one.done += bytes),
      close: () => (one.closed = true),
    }
  },
}))

const { Terminals, wordsOf } = await import('./terminals.svelte')

const text = sides.terminal
const addressOf = (command: readonly string[]): string => `/exec?${command.join('+')}`
const noLeave = (): undefined => undefined
const missing =
  'OCI runtime exec failed: exec failed: unable to start container process: exec: "sh": executable file not found in $PATH: unknown\r\n'

function say(to: Asked | undefined, words: string): void {
  to?.heard.output(new TextEncoder().encode(words))
}

beforeEach(() => {
  vi.useFakeTimers()
  asked.length = 0
  screens.length = 0
  stored.clear()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a session', () => {
  it('begins with the size of its screen, opens when the shell speaks, and follows a new size', () => {
    const session = new Terminals().open('web', addressOf, noLeave)
    expect(session.state).toBe('opening')
    expect(asked[0]?.sizes).toEqual([[80, 24]])
    say(asked[0], '/ # ')
    expect(session.state).toBe('open')
    expect(screens[0]?.written).toBe('/ # ')
    screens[0]?.resized({ cols: 120, rows: 40 })
    expect(asked[0]?.sizes.at(-1)).toEqual([120, 40])
  })

  it('keeps what is typed before the shell is there, for the shell', () => {
    new Terminals().open('web', addressOf, noLeave)
    screens[0]?.type('ls')
    expect(asked[0]?.typed).toBe('')
    say(asked[0], '$ ')
    screens[0]?.type('\r')
    expect(asked[0]?.typed).toBe('ls\r')
  })

  it('takes a shell that says nothing for one after a while', () => {
    const session = new Terminals().open('web', addressOf, noLeave)
    asked[0]?.heard.begun()
    vi.advanceTimersByTime(1999)
    expect(session.state).toBe('opening')
    vi.advanceTimersByTime(1)
    expect(session.state).toBe('open')
  })

  it('takes a late refusal for what it is, and keeps what was typed meanwhile for the next shell', () => {
    const session = new Terminals().open('web', addressOf, noLeave)
    screens[0]?.type('l')
    asked[0]?.heard.begun()
    vi.advanceTimersByTime(2000)
    screens[0]?.type('s')
    expect([session.state, asked[0]?.typed]).toEqual(['open', 'ls'])
    say(asked[0], missing)
    asked[0]?.heard.ended({ code: 127 })
    expect([session.state, asked.length, asked[1]?.typed]).toEqual(['opening', 2, ''])
    say(asked[1], '$ ')
    screens[0]?.type('\r')
    expect([session.state, asked[1]?.typed, screens[0]?.written]).toEqual(['open', 'ls\r', '$ '])
  })

  it('shows what comes late and only begins as a refusal does', () => {
    new Terminals().open('web', addressOf, noLeave)
    asked[0]?.heard.begun()
    vi.advanceTimersByTime(2000)
    say(asked[0], 'e')
    expect(screens[0]?.written).toBe('')
    vi.advanceTimersByTime(2000)
    expect(screens[0]?.written).toBe('e')
  })

  it('lets more come only once what came is painted', () => {
    new Terminals().open('web', addressOf, noLeave)
    say(asked[0], '12345')
    expect(asked[0]?.done).toBe(0)
    for (const painted of screens[0]?.painted ?? []) painted()
    expect(asked[0]?.done).toBe(5)
  })

  it('tries the next shell where one is missing, shows none of that, and says so where all are', () => {
    const session = new Terminals().open('web', addressOf, noLeave)
    for (let i = 0; i < 4; i++) {
      expect(asked).toHaveLength(i + 1)
      say(asked[i], missing)
      expect(session.state).toBe('opening')
      asked[i]?.heard.ended({ code: 127 })
    }
    expect(asked).toHaveLength(4)
    expect(session.state).toBe('ended')
    expect(session.said).toBe(text.noShell)
    expect(screens[0]?.written).toBe('')
  })

  it('tries no other than the shell that was wished for', () => {
    const terminals = new Terminals()
    terminals.shell = 'bash'
    const session = terminals.open('web', addressOf, noLeave)
    asked[0]?.heard.ended({ reason: missing, status: 400 })
    expect(asked.map((one) => one.path)).toEqual(['/exec?bash'])
    expect(session.said).toBe(text.notFound('bash'))
  })

  it('says how it ended, keeps what was said, and can be begun again in its place', () => {
    const session = new Terminals().open('web', addressOf, noLeave)
    say(asked[0], 'bye\r\n')
    asked[0]?.heard.ended({ code: 3 })
    expect([session.state, session.said]).toEqual(['ended', text.endedCode(3)])
    screens[0]?.type('x') // to nobody
    session.connect()
    expect([session.state, session.said]).toEqual(['opening', ''])
    say(asked[1], '$ ')
    expect(asked[1]?.typed).toBe('')
    expect(screens[0]?.written).toBe('bye\r\n$ ')
  })
})

describe('wordsOf', () => {
  it.each<[Ended, string]>([
    [{ code: 0 }, text.ended],
    [{ code: 137 }, text.killed],
    [{ code: 3 }, text.endedCode(3)],
    [{ reason: 'is paused\u202e', status: 409 }, text.failed('is paused⟨U+202E⟩')],
    [{}, text.lost],
  ])('tells %j', (how, said) => {
    expect(wordsOf(how)).toBe(said)
  })
})

describe('the sessions of the page', () => {
  it('are kept for each container, the newest in front, until they are closed', () => {
    const terminals = new Terminals()
    const first = terminals.open('web', addressOf, noLeave)
    const second = terminals.open('web', addressOf, noLeave)
    const other = terminals.open('db', addressOf, noLeave)
    expect(terminals.of('web')).toEqual({ all: [first, second], current: second })
    expect(terminals.of('db').current).toBe(other)
    terminals.choose('web', first)
    expect(terminals.of('web').current).toBe(first)
    terminals.close('web', second)
    expect(terminals.of('web')).toEqual({ all: [first], current: first })
    expect([asked[1]?.closed, screens[1]?.disposed]).toEqual([true, true])
    expect([asked[0]?.closed, asked[2]?.closed]).toEqual([false, false])
    terminals.close('web', first)
    expect(terminals.of('web')).toEqual({ all: [], current: undefined })
    expect([first, second, other].map((one) => one.number)).toEqual([1, 2, 3])
  })

  it('remember which shell is wished for and whether it is read aloud, and change those that are open', () => {
    const terminals = new Terminals()
    terminals.open('web', addressOf, noLeave)
    terminals.shell = 'ash'
    terminals.reader = true
    expect(screens[0]?.options.screenReaderMode).toBe(true)
    const again = new Terminals()
    expect([again.shell, again.reader]).toEqual(['ash', true])
    again.open('web', addressOf, noLeave)
    expect(screens[1]?.options.screenReaderMode).toBe(true)
  })

  it('forget a shell that this page does not know', () => {
    stored.set('berth.terminal', JSON.stringify({ version: 1, value: { shell: 'fish' } }))
    expect(new Terminals().shell).toBe('auto')
  })

  it('take the new colours of the page', () => {
    new Terminals().open('web', addressOf, noLeave)
    const before = screens[0]?.options.theme
    restyled.at(-1)?.()
    expect(screens[0]?.options.theme).not.toBe(before)
  })
})
