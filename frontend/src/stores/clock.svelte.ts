import { createSubscriber } from 'svelte/reactivity'

/**
 * The time, as far as anybody who looks at it needs it: it ticks only while it is shown. All who look see the same tick:
 * what is drawn anew in between must not be ahead of what stands beside it.
 */
class Clock {
  readonly #subscribe: () => void
  #tick: number | undefined

  constructor(readonly period: number) {
    this.#subscribe = createSubscriber((update) => {
      this.#tick = Date.now()
      const timer = setInterval(() => {
        this.#tick = Date.now()
        update()
      }, period)
      return () => {
        clearInterval(timer)
        this.#tick = undefined
      }
    })
  }

  get now(): number {
    this.#subscribe()
    return this.#tick ?? Date.now()
  }
}

/** For ages in lists. */
export const ages = new Clock(1000)
/** For time that runs while somebody waits. */
export const stopwatch = new Clock(100)
