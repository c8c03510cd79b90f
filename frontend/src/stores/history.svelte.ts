import { createSubscriber } from 'svelte/reactivity'
import { momentOf, withMoment, type Moment } from '../lib/history'
import { sides } from '../text/sides'
import { visible } from '../lib/text'
import type { Berth } from './berth.svelte'
import { follow } from './stream'
import { parseSample, type Sample } from './usages.svelte'

/** What one container used in the last ten minutes, as far as its page was open. */
export class History {
  #moments = $state.raw<readonly Moment[]>([])
  #last = $state.raw<Sample>()
  #error = $state('')
  readonly #subscribe: () => void

  constructor(berth: Berth, container: string) {
    this.#subscribe = createSubscriber(() =>
      follow({
        transport: { stream: (path, lines, signal) => berth.stream(path, lines, signal) },
        path: () => berth.side('containers', container, 'stats', { follow: 'true' }),
        lines: (batch) => {
          for (const line of batch) this.#take(parseSample(line))
        },
        ended: (error) => {
          this.#error = error && !error.unreachable ? sides.stats.failed(visible(error.message)) : ''
          return 3000
        },
      }),
    )
  }

  /** Oldest first. Read it to have it followed. */
  get moments(): readonly Moment[] {
    this.#subscribe()
    return this.#moments
  }

  get last(): Sample | undefined {
    return this.#last
  }

  get error(): string {
    return this.#error
  }

  #take(sample: Sample | undefined): void {
    if (!sample) return
    this.#moments = withMoment(this.#moments, momentOf(sample, this.#last))
    this.#last = sample
    this.#error = ''
  }
}

/** As many containers as are remembered: who goes from one to the next and back finds what was there. */
const remembered = 12

export class Histories {
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nobody watches which are remembered
  readonly #all = new Map<string, History>()

  of(berth: Berth, container: string): History {
    const found = this.#all.get(container) ?? new History(berth, container)
    this.#all.delete(container)
    this.#all.set(container, found)
    for (const old of this.#all.keys()) {
      if (this.#all.size <= remembered) break
      this.#all.delete(old)
    }
    return found
  }
}

export const histories = new Histories()
