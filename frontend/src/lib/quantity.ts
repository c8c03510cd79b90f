const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** Bytes as docker writes them: three digits, powers of 1000. */
export function size(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`
}

/** A share of one processor: "0.3 %", "12 %", "140 %". */
export function percent(value: number | undefined): string {
  if (value === undefined) return ''
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`
}

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** How long ago, short enough for a column: "12 s", "5 min", "3 h", "9 d". */
export function age(since: string | undefined, now: number): string {
  const seconds = secondsSince(since, now)
  if (seconds === undefined) return ''
  if (seconds < minute) return `${String(seconds)} s`
  if (seconds < hour) return `${String(Math.floor(seconds / minute))} min`
  if (seconds < day) return `${String(Math.floor(seconds / hour))} h`
  if (seconds < 730 * day) return `${String(Math.floor(seconds / day))} d`
  return `${String(Math.floor(seconds / (365 * day)))} y`
}

/** Time that runs while somebody waits: "0.4 s", "12 s", "2 min 05 s". */
export function elapsed(milliseconds: number): string {
  const seconds = Math.max(milliseconds, 0) / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < minute) return `${String(Math.floor(seconds))} s`
  return `${String(Math.floor(seconds / minute))} min ${String(Math.floor(seconds % minute)).padStart(2, '0')} s`
}

const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** hh:mm:ss. */
export function timeOfDay(when: Date): string {
  return clock.format(when)
}

/** For a tooltip. */
export function fullTime(when: string | undefined): string {
  return when === undefined ? '' : full.format(new Date(when))
}

function secondsSince(since: string | undefined, now: number): number | undefined {
  if (since === undefined) return undefined
  const then = Date.parse(since)
  return Number.isNaN(then) ? undefined : Math.max(0, Math.floor((now - then) / 1000))
}

/** This moment as the API writes it. */
export function nowText(): string {
  return new Date().toISOString()
}
