import { laterThan, LogBook, merged, note, parseLine, type Line, type Wanted } from '../lib/log'
import { plain } from '../lib/sgr'
import { detail } from '../text/container'
import { visible } from '../lib/text'
import type { Berth } from './berth.svelte'
import { follow } from './stream'

/** Where a log begins: a number of lines, seconds ago, or its very beginning. */
export type Since = keyof typeof detail.logs.ranges

/** Lines that wait for the next frame, unread: what comes faster than the book can hold would be forgotten anyway. */
const mostWaiting = 55_000

/** One container's log. */
export interface Source {
  container: string
  /** What its lines are told apart by. */
  name: string
  running: boolean
  /** When its last run began, by the engine's clock as its lines are; empty before the first. */
  startedAt: string
}

/** A log that is followed. */
interface Tail {
  readonly origin: number
  source: Source
  /** When the newest line that was read was written; empty before the first. */
  last: string
  /** Lines up to here came before the stream was cut and may come again. */
  seen: string
  waiting: string[]
  error: string
  /** Ends the stream; undefined while there is none. */
  end: (() => void) | undefined
}

/** The log of one container, or those of several as one, followed while somebody looks. */
export class LogFeed {
  readonly #book = new LogBook()
  #version = $state(0)
  #error = $state('')
  #reading = $state(true)
  /** Rows that went at the top since the list was last painted: it moves up by as many. */
  #trimmed = 0
  #fresh = $state(0)
  #frame: number | undefined
  #since: Since | undefined
  readonly #tails: Tail[] = []
  #names = $state.raw<readonly string[]>([])

  constructor(
    readonly berth: Berth,
    /** Lines say whose they are: there are several logs, or may be. */
    readonly named: boolean,
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

  /** Whose log each line is, by its origin; those that were left since keep their place. */
  get names(): readonly string[] {
    return this.#names
  }

  /**
   * Follows these logs from now on, and no others. A new run goes on where the old one ended, for a log is of a container
   * and not of one process of it; another "since" begins anew.
   */
  follow(since: Since, sources: readonly Source[]): void {
    if (since !== this.#since) {
      this.end()
      this.#since = since
      this.clear()
      for (const tail of this.#tails) tail.last = ''
    }
    for (const tail of this.#tails)
      if (!sources.some(({ container }) => container === tail.source.container)) this.#leave(tail)
    for (const source of sources) {
      const tail = this.#tailOf(source)
      const again = tail.source.running !== source.running || tail.source.startedAt !== source.startedAt
      tail.source = source
      if (tail.end && !again) continue
      this.#leave(tail)
      if (again && tail.last !== '' && source.running) this.#noteRun(tail)
      tail.end = this.#open(tail, since)
    }
  }

  /** Follows no log any more. What came is kept. */
  end(): void {
    for (const tail of this.#tails) this.#leave(tail)
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#frame = undefined
    this.#read()
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
    for (const tail of this.#tails) tail.waiting = []
    this.#book.clear()
    this.#fresh = 0
    this.#version++
  }

  find(pattern: RegExp, from: number, step: 1 | -1): number {
    return this.#book.find(pattern, from < 0 && step < 0 ? 0 : from, step)
  }

  /** All shown lines, whole, without colours. */
  text(times: boolean): string {
    const of = ({ origin }: Line): string => (origin === undefined ? '' : `${plain(this.#names[origin] ?? '')} | `)
    return this.#book.shown
      .filter((line) => line.stream !== note)
      .map((line) => `${of(line)}${times ? `${line.time} ` : ''}${plain(line.line)}\n`)
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

  #tailOf(source: Source): Tail {
    const known = this.#tails.find((tail) => tail.source.container === source.container)
    if (known) return known
    const tail: Tail = {
      origin: this.#tails.length,
      source,
      last: '',
      seen: '',
      waiting: [],
      error: '',
      end: undefined,
    }
    this.#tails.push(tail)
    this.#names = [...this.#names, source.name]
    return tail
  }

  #leave(tail: Tail): void {
    tail.end?.()
    tail.end = undefined
    this.#fail(tail, '')
  }

  #open(tail: Tail, since: Since): () => void {
    const { container } = tail.source
    return follow({
      transport: { stream: (path, lines, signal) => this.berth.stream(path, lines, signal) },
      path: () => {
        tail.seen = tail.last
        return this.berth.side('containers', container, 'log', query(since, tail.last))
      },
      lines: (batch) => {
        this.#take(tail, batch)
      },
      ended: (error) => {
        const { running, name } = tail.source
        this.#reading = false
        if (!error) {
          this.#fail(tail, '')
          return running ? 1000 : undefined
        }
        const why = error.unreachable ? detail.logs.lost : detail.logs.failed(visible(error.message))
        this.#fail(tail, error.unreachable || !this.named ? why : `${visible(name)}: ${why}`)
        return error.unreachable || running ? 2000 : undefined
      },
    })
  }

  /** Says why a log can't be read; what holds for several is said once. */
  #fail(tail: Tail, why: string): void {
    tail.error = why
    const all = this.#tails.map(({ error }) => error).filter((error) => error !== '')
    this.#error = all.filter((error, i) => all.indexOf(error) === i).join(' ')
  }

  /** Says that a new run begins: behind the last line of the old one, also where both are of one second. */
  #noteRun(tail: Tail): void {
    const { startedAt } = tail.source
    const time = laterThan(tail.last, startedAt) ? tail.last : startedAt
    this.#add([{ stream: note, time, line: detail.logs.again, ...this.#mark(tail) }])
  }

  #add(lines: readonly Line[]): void {
    this.#trimmed += this.named ? this.#book.merge(lines) : this.#book.add(lines)
    this.#version++
  }

  #mark(tail: Tail): { origin?: number } {
    return this.named ? { origin: tail.origin } : {}
  }

  #take(tail: Tail, batch: readonly string[]): void {
    for (const line of batch) tail.waiting.push(line)
    if (tail.waiting.length > mostWaiting * 2) tail.waiting = tail.waiting.slice(-mostWaiting)
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined
      this.#read()
    })
  }

  #read(): void {
    let lines: Line[] = []
    for (const tail of this.#tails) {
      if (tail.waiting.length === 0) continue
      this.#fail(tail, '')
      const own = this.#linesOf(tail)
      lines = lines.length === 0 ? own : merged(lines, own)
    }
    if (lines.length === 0) return
    this.#reading = false
    this.#fresh += lines.length
    this.#add(lines)
  }

  #linesOf(tail: Tail): Line[] {
    const lines: Line[] = []
    for (const text of tail.waiting.slice(-mostWaiting)) {
      const line = parseLine(text)
      if (!line) continue
      if (tail.seen !== '' && !laterThan(line.time, tail.seen)) continue
      tail.seen = ''
      lines.push({ ...line, ...this.#mark(tail) })
    }
    tail.waiting = []
    tail.last = lines.at(-1)?.time ?? tail.last
    return lines
  }
}

function query(since: Since, last: string): Record<string, string> {
  const asked: Record<string, string> = { follow: 'true', format: 'json' }
  if (last !== '') return { ...asked, sinceTime: last }
  if (since === 'all') asked['tailLines'] = '5000'
  else if (since !== 'whole') asked['sinceSeconds'] = String(since)
  return asked
}
