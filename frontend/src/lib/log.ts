import { plain } from './sgr'

/** One line, as backend/api/stream writes it. A note is our own word between the lines. */
export interface Line {
  stream: string
  /** With nanoseconds. */
  time: string
  line: string
  /** How many bytes were left out at its end. */
  cut?: number
  /** Which of the logs that are read together it is of; undefined where there is one. */
  origin?: number
}

export const note = 'note'

export const levels = ['error', 'warn', 'info', 'debug'] as const
export type Level = (typeof levels)[number]

/** As many characters of a line as are looked at and painted. All of them are copied. */
export const painted = 4000
const keptLines = 50_000
const keptChars = 16_000_000

export function parseLine(text: string): Line | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return isLine(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function isLine(value: unknown): value is Line {
  return typeof value === 'object' && value !== null && 'line' in value && typeof value.line === 'string'
}

const words: readonly (readonly [Level, RegExp])[] = [
  ['error', /\b(?:error|err|fatal|panic|crit(?:ical)?|emerg|severe|exception)\b|^E\d{4} /i],
  ['warn', /\bwarn(?:ing)?\b|^W\d{4} /i],
  ['info', /\b(?:info|notice)\b|^I\d{4} /i],
  ['debug', /\b(?:debug|trace)\b/i],
]

/** How bad a line says that it is: a field that says so, or the first word for it near its beginning. */
export function levelOf(line: string): Level | undefined {
  const head = line.slice(0, 240)
  const field = /"?\b(?:level|lvl|severity)"?\s*[=:]\s*"?([a-z]+)/i.exec(head)?.[1]
  const text = field ?? head.slice(0, 80)
  return words.find(([, word]) => word.test(text))?.[0]
}

/** Orders times of nanoseconds, whose zeros at the end are left out. */
export function laterThan(a: string, b: string): boolean {
  // As the daemon writes them. Without its end, the one that begins as the other does is the earlier one.
  if (a.endsWith('Z') && b.endsWith('Z')) return a.slice(0, -1) > b.slice(0, -1)
  const [left, right] = [Date.parse(a), Date.parse(b)]
  if (left !== right) return left > right
  return fraction(a) > fraction(b)
}

function fraction(time: string): string {
  return (/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(9, '0')
}

/** Makes one log of two, each in its order. */
export function merged(left: readonly Line[], right: readonly Line[]): Line[] {
  const all: Line[] = []
  let r = 0
  for (const line of left) {
    for (let next = right[r]; next && laterThan(line.time, next.time); next = right[++r]) all.push(next)
    all.push(line)
  }
  return [...all, ...right.slice(r)]
}

export interface Wanted {
  /** Undefined where nothing is looked for. */
  pattern: RegExp | undefined
  /** Only lines with the pattern. */
  only: boolean
  /** Empty for all. */
  levels: ReadonlySet<Level>
  /** Logs whose lines are not wanted, of those that are read together. */
  without?: ReadonlySet<number>
}

/** Makes a pattern of what was typed; undefined for nothing, null for what is no pattern. */
export function patternOf(query: string, regex: boolean): RegExp | undefined | null {
  if (query === '') return undefined
  try {
    const source = regex ? query : query.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const pattern = new RegExp(source, 'giu')
    return pattern.test('') ? null : pattern // what fits nothing would be found everywhere
  } catch {
    return null
  }
}

/** Where a pattern is found in a text; there is an end to it. */
export function rangesOf(pattern: RegExp | undefined, text: string): [number, number][] {
  if (!pattern) return []
  const found: [number, number][] = []
  for (const match of text.slice(0, painted).matchAll(pattern)) {
    if (match[0] !== '') found.push([match.index, match.index + match[0].length])
    if (found.length >= 200) break
  }
  return found
}

/** The last lines of a log, those of them that are wanted, and where each stands: no more than what it is bounded to. */
export class LogBook {
  #all: Line[] = []
  #chars = 0
  #shown: Line[] = []
  /** Where each shown line ends, in rows since the beginning of time. */
  #ends: number[] = []
  /** Rows that went at the top. */
  #gone = 0
  #wanted: Wanted = { pattern: undefined, only: false, levels: new Set() }
  /** Characters in a row; 0 where lines are not wrapped. */
  #columns = 0

  get size(): number {
    return this.#all.length
  }

  get shown(): readonly Line[] {
    return this.#shown
  }

  /** How many rows the shown lines take. */
  get rows(): number {
    return (this.#ends.at(-1) ?? this.#gone) - this.#gone
  }

  /** Adds lines that are newer than all before; returns how many rows went at the top to make room. */
  add(lines: readonly Line[]): number {
    for (const line of lines) {
      this.#all.push(line)
      this.#chars += line.line.length
      if (this.#wants(line)) this.#show(line)
    }
    return this.#trim()
  }

  /** The same for lines of one of several logs: those of the others that came already may be newer. */
  merge(lines: readonly Line[]): number {
    const first = lines[0]
    let from = this.#all.length
    while (first && from > 0 && laterThan(this.#all[from - 1]?.time ?? '', first.time)) from--
    const newer = this.#all.splice(from)
    if (newer.length === 0) return this.add(lines)
    const taken = new Set(newer)
    for (const line of newer) this.#chars -= line.line.length
    for (let last = this.#shown.at(-1); last && taken.has(last); last = this.#shown.at(-1)) {
      this.#shown.pop()
      this.#ends.pop()
    }
    return this.add(merged(newer, lines))
  }

  clear(): void {
    this.#all = []
    this.#chars = 0
    this.#rebuild()
  }

  want(wanted: Wanted): void {
    this.#wanted = wanted
    this.#rebuild()
  }

  wrap(columns: number): void {
    if (columns === this.#columns) return
    this.#columns = columns
    this.#rebuild()
  }

  /** The index of the shown line that has this row. */
  at(row: number): number {
    let [low, high] = [0, this.#ends.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ends[middle] ?? 0) - this.#gone > row) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The first row of a shown line. */
  start(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] ?? this.#gone) - this.#gone
  }

  /** The next shown line with the pattern, from one on, forwards or back; it goes round. */
  find(pattern: RegExp, from: number, step: 1 | -1): number {
    const n = this.#shown.length
    for (let i = 1; i <= n; i++) {
      const index = (((from + i * step) % n) + n) % n
      if (rangesOf(pattern, plain(this.#shown[index]?.line.slice(0, painted) ?? '')).length > 0) return index
    }
    return -1
  }

  #wants(line: Line): boolean {
    const { pattern, only, levels: chosen, without } = this.#wanted
    if (line.origin !== undefined && without?.has(line.origin) === true) return false
    if (line.stream === note) return true
    if (chosen.size > 0) {
      const level = levelOf(line.line)
      if (!level || !chosen.has(level)) return false
    }
    return !only || !pattern || rangesOf(pattern, plain(line.line.slice(0, painted))).length > 0
  }

  #show(line: Line): void {
    this.#ends.push((this.#ends.at(-1) ?? this.#gone) + this.#rowsOf(line))
    this.#shown.push(line)
  }

  #rowsOf({ line }: Line): number {
    if (this.#columns === 0) return 1
    return Math.max(1, Math.ceil(widthOf(line) / this.#columns))
  }

  /** In big steps: to move fifty thousand lines for each new one would take all the time there is. */
  #trim(): number {
    if (this.#all.length <= keptLines * 1.1 && this.#chars <= keptChars * 1.1) return 0
    let from = Math.max(0, this.#all.length - keptLines)
    for (let i = 0; i < from; i++) this.#chars -= this.#all[i]?.line.length ?? 0
    while (this.#chars > keptChars && from < this.#all.length - 1) this.#chars -= this.#all[from++]?.line.length ?? 0
    const first = this.#all[from]
    this.#all = this.#all.slice(from)
    const kept = new Set(this.#all)
    const shown = this.#shown.findIndex((line) => line === first || kept.has(line))
    const rows = this.start(shown < 0 ? this.#shown.length : shown)
    this.#gone += rows
    this.#shown = shown < 0 ? [] : this.#shown.slice(shown)
    this.#ends = shown < 0 ? [] : this.#ends.slice(shown)
    return rows
  }

  #rebuild(): void {
    this.#shown = []
    this.#ends = []
    this.#gone = 0
    for (const line of this.#all) if (this.#wants(line)) this.#show(line)
  }
}

const simple = /^[\x20-\x7e]*$/
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/gu

/** How many characters of one width a painted line takes. */
function widthOf(line: string): number {
  const head = line.length > painted ? line.slice(0, painted) : line
  if (simple.test(head)) return head.length
  const text = plain(head)
  return text.length + (text.match(wide)?.length ?? 0)
}
