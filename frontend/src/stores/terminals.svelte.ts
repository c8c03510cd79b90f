import { FitAddon } from '@xterm/addon-fit'
import { Terminal, type ITheme } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { SvelteMap } from 'svelte/reactivity'
import { copyText, findDesktop } from '../api/desktop'
import { beginTalk, type Ended, type Talk } from '../api/talk'
import { commandsOf, isMissing, mayBeMissing, shells, type Shell } from '../lib/shells'
import { defineSheets } from '../lib/sheet'
import { sides } from '../text/sides'
import { visible } from '../lib/text'
import { readStored, writeStored } from './stored'

const text = sides.terminal
const version = 1
/** So long, in ms, a shell may be silent until it is taken to be one. */
const silence = 2000
const key = 'berth.terminal'

interface Stored {
  shell?: Shell
  reader?: boolean
}

/** Where a session is begun: the address of a command, for its container. */
export type AddressOf = (command: readonly string[]) => string

/** A shell in a container, and what it has said. It outlives the part of the page that shows it. */
export class Session {
  readonly element = document.createElement('div')
  readonly #terminal: Terminal
  readonly #fit = new FitAddon()
  readonly #encoder = new TextEncoder()
  #talk: Talk | undefined
  #state = $state<'opening' | 'open' | 'ended'>('opening')
  #said = $state('')
  #opened = false
  /** Output that may turn out to say that there is no such shell. */
  #held: Uint8Array[] | undefined
  /** What was typed before it was known which shell there is: it is the next one's where this one is missing. */
  #early: Uint8Array[] = []

  constructor(
    readonly number: number,
    readonly shell: Shell,
    readonly address: AddressOf,
    reader: boolean,
    readonly leave: () => void,
  ) {
    defineSheets()
    this.element.className = 'terminal'
    this.#terminal = new Terminal({
      cursorBlink: false,
      fontFamily: "ui-monospace, 'SF Mono', 'Cascadia Mono', 'Liberation Mono', 'DejaVu Sans Mono', monospace",
      fontSize: 13,
      lineHeight: 1.2,
      scrollback: 5000,
      minimumContrastRatio: 4.5,
      screenReaderMode: reader,
      theme: themeOf(),
    })
    this.#terminal.loadAddon(this.#fit)
    this.#terminal.attachCustomKeyEventHandler((event) => this.#key(event))
    this.#terminal.onData((data) => {
      this.#type(this.#encoder.encode(data))
    })
    this.#terminal.onBinary((data) => {
      this.#type(Uint8Array.from(data, (c) => c.charCodeAt(0)))
    })
    this.#terminal.onResize(({ cols, rows }) => {
      this.#talk?.resize(cols, rows)
    })
    this.connect()
  }

  get name(): string {
    return text.session(this.number, text.shells[this.shell])
  }

  get state(): 'opening' | 'open' | 'ended' {
    return this.#state
  }

  /** How it ended, in words. */
  get said(): string {
    return this.#said
  }

  /** Puts the terminal into the page; returns what takes it out again. */
  show(into: HTMLElement): () => void {
    into.append(this.element)
    if (!this.#opened) this.#terminal.open(this.element)
    this.#opened = true
    this.#terminal.textarea?.setAttribute('aria-label', text.label(this.name))
    const fit = (): void => {
      if (this.element.clientHeight > 0) this.#fit.fit()
    }
    fit()
    const observer = new ResizeObserver(fit)
    observer.observe(into)
    return () => {
      observer.disconnect()
      this.element.remove()
    }
  }

  focus(): void {
    this.#terminal.focus()
  }

  restyle(): void {
    this.#terminal.options.theme = themeOf()
  }

  read(aloud: boolean): void {
    this.#terminal.options.screenReaderMode = aloud
  }

  /** Begins it, or another in its place. */
  connect(): void {
    this.#said = ''
    if (this.#terminal.buffer.active.cursorX > 0) this.#terminal.write('\r\n')
    this.#try(commandsOf(this.shell))
  }

  end(): void {
    this.#talk?.close()
    this.#terminal.dispose()
    this.element.remove()
  }

  #try([command, ...others]: readonly (readonly string[])[]): void {
    if (!command) {
      this.#finish(this.shell === 'auto' ? text.noShell : text.notFound(this.shell))
      return
    }
    let missing = ''
    this.#held = []
    this.#state = 'opening'
    // One that says nothing, not even a prompt, is listening all the same. An engine with much to do may yet refuse it.
    const waitForWords = (): void => {
      setTimeout(() => {
        if (this.#talk !== talk || !this.#held) return
        if (missing) this.#release()
        else this.#listen()
      }, silence)
    }
    const talk = beginTalk(this.address(command), {
      begun: waitForWords,
      output: (bytes) => {
        if (this.#held) {
          if (this.#state === 'open' && !missing) waitForWords()
          this.#held.push(bytes)
          missing += new TextDecoder().decode(bytes)
          if (mayBeMissing(missing)) this.#talk?.done(bytes.length)
          else this.#release(bytes)
        } else this.#write(bytes)
      },
      ended: (how) => {
        this.#talk = undefined
        if (isMissing(missing) && this.#held) this.#try(others)
        else if (isMissing(how.reason ?? '')) this.#try(others)
        else {
          this.#release()
          this.#finish(wordsOf(how))
        }
      },
    })
    this.#talk = talk
    talk.resize(this.#terminal.cols, this.#terminal.rows)
  }

  #type(bytes: Uint8Array): void {
    if (this.#held) this.#early.push(bytes)
    if (this.#state === 'open') this.#talk?.type(bytes)
  }

  /** What was typed so far is sent, and what will be at once. */
  #listen(): void {
    if (this.#state === 'opening') for (const bytes of this.#early) this.#talk?.type(bytes)
    this.#state = 'open'
  }

  /** It is the shell that speaks: what was held is shown. All but `last` was acknowledged. */
  #release(last?: Uint8Array): void {
    this.#listen()
    for (const bytes of this.#held ?? []) this.#write(bytes, bytes === last)
    this.#held = undefined
    this.#early = []
  }

  /** More comes only once this is painted into the screen: the shell waits, and not the page. */
  #write(bytes: Uint8Array, owed = true): void {
    this.#terminal.write(bytes, () => {
      if (owed) this.#talk?.done(bytes.length)
    })
  }

  #finish(said: string): void {
    this.#held = undefined
    this.#early = []
    this.#state = 'ended'
    this.#said = said
  }

  /** False for keys that are not the terminal's. */
  #key(event: KeyboardEvent): boolean {
    if (event.key === 'F6' && !event.ctrlKey && !event.altKey && !event.metaKey) {
      if (event.type === 'keydown') {
        event.preventDefault()
        this.leave()
      }
      return false
    }
    const shifted = event.ctrlKey && event.shiftKey && !event.altKey && !event.metaKey
    if (shifted && event.code === 'KeyC') {
      event.preventDefault()
      if (event.type === 'keydown' && this.#terminal.hasSelection()) void copyText(this.#terminal.getSelection())
      return false
    }
    if (shifted && event.code === 'KeyV') {
      const desktop = findDesktop()
      if (!desktop) return false // a browser pastes by itself
      event.preventDefault()
      if (event.type === 'keydown')
        void desktop.runtime.ClipboardGetText().then((pasted) => {
          this.#terminal.paste(pasted)
        })
      return false
    }
    return true
  }
}

/** How a session ended, for a person. */
export function wordsOf(how: Ended): string {
  if (how.code === 0) return text.ended
  if (how.code === 137) return text.killed
  if (how.code !== undefined) return text.endedCode(how.code)
  return how.reason ? text.failed(visible(how.reason)) : text.lost
}

function themeOf(): ITheme {
  const styles = getComputedStyle(document.documentElement)
  const of = (name: string): string => styles.getPropertyValue(name).trim()
  const [red, green, yellow, blue, magenta] = [
    of('--red'),
    of('--green'),
    of('--amber'),
    of('--accent'),
    of('--violet'),
  ]
  const [paper, ink, muted] = [of('--sunken'), of('--text'), of('--muted')]
  return {
    background: paper,
    foreground: ink,
    cursor: ink,
    cursorAccent: paper,
    selectionBackground: of('--line-strong'),
    black: document.documentElement.dataset['scheme'] === 'dark' ? paper : ink,
    red,
    green,
    yellow,
    blue,
    magenta,
    cyan: blue,
    white: document.documentElement.dataset['scheme'] === 'dark' ? ink : muted,
    brightBlack: muted,
    brightRed: red,
    brightGreen: green,
    brightYellow: yellow,
    brightBlue: blue,
    brightMagenta: magenta,
    brightCyan: blue,
    brightWhite: ink,
  }
}

/** The sessions of one container. */
export interface Sessions {
  all: Session[]
  current: Session | undefined
}

/** All sessions of this page, for as long as it is open. */
export class Terminals {
  readonly #sessions = new SvelteMap<string, Sessions>()
  #shell = $state<Shell>('auto')
  #reader = $state(false)
  #count = 0

  constructor() {
    const stored = readStored<Stored>(key, version)
    this.#shell = shells.find((shell) => shell === stored?.shell) ?? 'auto'
    this.#reader = stored?.reader === true
    new MutationObserver(() => {
      for (const { all } of this.#sessions.values()) for (const session of all) session.restyle()
    }).observe(document.documentElement, { attributeFilter: ['data-scheme', 'data-contrast'] })
  }

  get shell(): Shell {
    return this.#shell
  }

  set shell(shell: Shell) {
    this.#shell = shell
    this.#store()
  }

  get reader(): boolean {
    return this.#reader
  }

  set reader(on: boolean) {
    this.#reader = on
    for (const { all } of this.#sessions.values()) for (const session of all) session.read(on)
    this.#store()
  }

  of(container: string): Sessions {
    return this.#sessions.get(container) ?? { all: [], current: undefined }
  }

  open(container: string, address: AddressOf, leave: () => void): Session {
    const session = new Session(++this.#count, this.#shell, address, this.#reader, leave)
    this.#sessions.set(container, { all: [...this.of(container).all, session], current: session })
    return session
  }

  choose(container: string, current: Session): void {
    this.#sessions.set(container, { all: this.of(container).all, current })
  }

  close(container: string, session: Session): void {
    const { all, current } = this.of(container)
    session.end()
    const rest = all.filter((other) => other !== session)
    this.#sessions.set(container, { all: rest, current: current === session ? rest.at(-1) : current })
  }

  #store(): void {
    writeStored(key, version, { shell: this.#shell, reader: this.#reader } satisfies Stored)
  }
}

/** They go on while other pages are looked at, so they belong to none of those. */
export const terminals = new Terminals()
