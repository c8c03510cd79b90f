import { createSubscriber, SvelteMap } from 'svelte/reactivity'
import type { Transport } from '../api/transport'
import type { Usage } from '../lib/sort'
import { follow } from './stream'

/** One moment of one container, as backend/api/stream writes it. */
export interface Sample {
  id: string
  name: string
  time: string
  /** Of one processor, so it may be more than 100. It is missing in the first sample. */
  cpuPercent?: number
  cpus: number
  memoryUsed: number
  memoryLimit: number
  networkRx: number
  networkTx: number
  blockRead: number
  blockWrite: number
  pids: number
}

/** What one container used lately; oldest first. */
export interface Series extends Usage {
  cpus: readonly number[]
  memories: readonly number[]
  last: Sample
}

/** As many as a sparkline shows. */
const kept = 40
const stale = 10_000

export function parseSample(line: string): Sample | undefined {
  try {
    const parsed: unknown = JSON.parse(line)
    return isSample(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function isSample(value: unknown): value is Sample {
  return typeof value === 'object' && value !== null && 'id' in value && 'memoryUsed' in value && 'time' in value
}

export function extended(series: Series | undefined, sample: Sample): Series {
  const cpus = sample.cpuPercent === undefined ? (series?.cpus ?? []) : [...(series?.cpus ?? []), sample.cpuPercent]
  return {
    cpu: sample.cpuPercent ?? series?.cpu,
    memory: sample.memoryUsed,
    cpus: cpus.slice(-kept),
    memories: [...(series?.memories ?? []), sample.memoryUsed].slice(-kept),
    last: sample,
  }
}

/** What all running containers use. It is asked for only while somebody looks at it and the page can be seen. */
export class Usages {
  readonly #series = new SvelteMap<string, Series>()
  readonly #subscribe: () => void
  #end: (() => void) | undefined

  constructor(transport: Transport, path: string) {
    this.#subscribe = createSubscriber(() => {
      const sweep = setInterval(() => {
        this.#forget()
      }, stale)
      this.#end = follow({
        transport,
        path: () => path,
        lines: (batch) => {
          this.#take(batch)
        },
        // A daemon or an engine that cannot tell now may be able to later.
        ended: (error) => (error && !error.unreachable ? 30_000 : 3_000),
      })
      return () => {
        clearInterval(sweep)
        this.close()
      }
    })
  }

  /** What a container uses, by object name. */
  of(container: string): Series | undefined {
    this.#subscribe()
    return this.#series.get(container)
  }

  close(): void {
    this.#end?.()
    this.#end = undefined
    this.#series.clear()
  }

  #take(batch: readonly string[]): void {
    for (const line of batch) {
      const sample = parseSample(line)
      if (sample) this.#series.set(sample.id, extended(this.#series.get(sample.id), sample))
    }
  }

  /** Those that are told no more have stopped: what they used is no fact of now. */
  #forget(): void {
    const latest = Math.max(0, ...[...this.#series.values()].map((series) => Date.parse(series.last.time)))
    for (const [id, series] of this.#series) {
      if (latest - Date.parse(series.last.time) > stale) this.#series.delete(id)
    }
  }
}
