import { laterThan, LogBook, note, parseLine, type Line, type Wanted } from '../lib/log'
import { nowText } from '../lib/quantity'
import { plain } from '../lib/sgr'
import { detail } from '../lib/stringsDetail'
import { visible } from '../lib/text'
import type { Berth } from './berth.svelte'
import { follow } from './stream'

/** Where a log begins: a number of lines, seconds ago, or its very beginning. */
export type Since = keyof typeof detail.logs.ranges

/** Lines that wait for the next frame, unread: what comes faster than the book can hold would be forgotten anyway. */
const mostWaiting = 55_000

/** The log of one container, followed while somebody looks. */
export class LogFeed {
  readonly #book = new LogBook()
  #version = $state(0)
  #error = $state('')
  #reading = $state(true)
  /** Rows that went at the top since the list was last painted: it moves up by as many. */
  #trimmed = 0
  #fresh = $state(0)
  #waiting: string[] = []
  #frame: number | undefined
  #since: Since | undefined
  /** Lines up to here came before the stream was cut and may come again. */
  #seen = ''

  constructor(
    readonly berth: Berth,
    readonly container: string,
  ) {}

  /** Read it in a derivation to follow the book, which is no state itself. */
  get book(): LogBook {
    void this.#version
    return this.#book
  }

  get error(): string {
    return this.#error
  }

  /** The first answer has not come yet. */
  get reading(): boolean {
    return this.#reading
  }

  /** How many lines came since the end was last looked at. */
  get fresh(): number {
    return this.#fresh
  }

  /** Follows the log, and returns what ends that. */
  follow(since: Since, running: boolean): () => void {
    const again = since === this.#since && this.#book.last !== ''
    if (since !== this.#since) {
      this.#since = since
      this.clear()
    } else if (again && running) this.#note(detail.logs.again)
    this.#error = ''
    const end = follow({
      transport: { stream: (path, lines, signal) => this.berth.stream(path, lines, signal) },
      path: () => {
        this.#seen = this.#book.last
        return this.berth.side('containers', this.container, 'log', this.#query(since))
      },
      lines: (batch) => {
        this.#take(batch)
      },
      ended: (error) => {
        this.#reading = false
        if (!error) {
          this.#error = ''
          return running ? 1000 : undefined
        }
        this.#error = error.unreachable ? detail.logs.lost : detail.logs.failed(visible(error.message))
        return error.unreachable || running ? 2000 : undefined
      },
    })
    return () => {
      end()
      if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
      this.#frame = undefined
      this.#read()
    }
  }

  want(wanted: Wanted): void {
    this.#book.want(wanted)
    this.#version++
  }

  wrap(columns: number): void {
    this.#book.wrap(columns)
    this.#version++
  }

  clear(): void {
    this.#waiting = []
    this.#book.clear()
    this.#fresh = 0
    this.#version++
  }

  find(pattern: RegExp, from: number, step: 1 | -1): number {
    return this.#book.find(pattern, from < 0 && step < 0 ? 0 : from, step)
  }

  /** All shown lines, whole, without colours. */
  text(times: boolean): string {
    return this.#book.shown
      .filter((line) => line.stream !== note)
      .map((line) => `${times ? `${line.time} ` : ''}${plain(line.line)}\n`)
      .join('')
  }

  /** The rows that went at the top since this was last asked. */
  takeTrimmed(): number {
    const rows = this.#trimmed
    this.#trimmed = 0
    return rows
  }

  seenEnd(): void {
    this.#fresh = 0
  }

  #query(since: Since): Record<string, string> {
    const query: Record<string, string> = { follow: 'true', format: 'json' }
    if (this.#book.last !== '') return { ...query, sinceTime: this.#book.last }
    if (since === 'all') query['tailLines'] = '5000'
    else if (since !== 'whole') query['sinceSeconds'] = String(since)
    return query
  }

  #note(line: string): void {
    this.#trimmed += this.#book.add([{ stream: note, time: nowText(), line }])
    this.#version++
  }

  #take(batch: readonly string[]): void {
    for (const line of batch) this.#waiting.push(line)
    if (this.#waiting.length > mostWaiting * 2) this.#waiting = this.#waiting.slice(-mostWaiting)
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined
      this.#read()
    })
  }

  #read(): void {
    if (this.#waiting.length === 0) return
    const lines: Line[] = []
    for (const text of this.#waiting.slice(-mostWaiting)) {
      const line = parseLine(text)
      if (!line) continue
      if (this.#seen !== '' && !laterThan(line.time, this.#seen)) continue
      this.#seen = ''
      lines.push(line)
    }
    this.#waiting = []
    this.#reading = false
    this.#error = ''
    this.#trimmed += this.#book.add(lines)
    this.#fresh += lines.length
    this.#version++
  }
}
