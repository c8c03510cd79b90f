/** One moment of one container, as it is drawn; rates are bytes a second. Undefined where nobody could know. */
export interface Moment {
  /** Seconds since 1970. */
  at: number
  cpu: number | undefined
  memory: number
  received: number | undefined
  sent: number | undefined
  read: number | undefined
  written: number | undefined
  pids: number
}

/** What is counted since the container's start. */
export interface Counted {
  time: string
  cpuPercent?: number
  memoryUsed: number
  networkRx: number
  networkTx: number
  blockRead: number
  blockWrite: number
  pids: number
}

export const keptSeconds = 600
/** Who was not looked at for so long has a hole in what is drawn, and no rate over it. */
const hole = 6

/** What a sample says, seen from the one before. */
export function momentOf(sample: Counted, before: Counted | undefined): Moment {
  const at = Date.parse(sample.time) / 1000
  const passed = before ? at - Date.parse(before.time) / 1000 : 0
  const rate = (now: number, then: number | undefined): number | undefined =>
    then === undefined || passed <= 0 || passed > hole || now < then ? undefined : (now - then) / passed
  return {
    at,
    cpu: sample.cpuPercent,
    memory: sample.memoryUsed,
    received: rate(sample.networkRx, before?.networkRx),
    sent: rate(sample.networkTx, before?.networkTx),
    read: rate(sample.blockRead, before?.blockRead),
    written: rate(sample.blockWrite, before?.blockWrite),
    pids: sample.pids,
  }
}

/** The moments that are still kept, with a new one. What is not newer is none. */
export function withMoment(moments: readonly Moment[], next: Moment): readonly Moment[] {
  const last = moments.at(-1)
  if (!Number.isFinite(next.at) || (last && next.at <= last.at)) return moments
  return [...moments.filter(({ at }) => at >= next.at - keptSeconds), next]
}

export type Column = Exclude<keyof Moment, 'at'>

/** Columns to draw: times, then values; a hole is null, so that no line is drawn over it. */
export function drawn(moments: readonly Moment[], columns: readonly Column[]): [number[], ...(number | null)[][]] {
  const times: number[] = []
  const values: (number | null)[][] = columns.map(() => [])
  let before: number | undefined
  for (const moment of moments) {
    if (before !== undefined && moment.at - before > hole) {
      times.push(before + 1)
      for (const column of values) column.push(null)
    }
    times.push(moment.at)
    columns.forEach((column, i) => values[i]?.push(moment[column] ?? null))
    before = moment.at
  }
  return [times, ...values]
}

export interface Summary {
  now: number | undefined
  average: number | undefined
  highest: number | undefined
}

export function summaryOf(moments: readonly Moment[], column: Column): Summary {
  const values = moments.map((moment) => moment[column]).filter((value) => value !== undefined)
  if (values.length === 0) return { now: undefined, average: undefined, highest: undefined }
  return {
    now: moments.at(-1)?.[column],
    average: values.reduce((sum, value) => sum + value, 0) / values.length,
    highest: Math.max(...values),
  }
}
