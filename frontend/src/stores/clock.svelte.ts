import { createSubscriber } from 'svelte/reactivity'

/** The time, as far as anybody who looks at it needs it: it ticks only while it is shown. */
class Clock {
  readonly #subscribe: () => void

  constructor(readonly period: number) {
    this.#subscribe = createSubscriber((update) => {
      const timer = setInterval(update, period)
      return () => {
        clearInterval(timer)
      }
    })
  }

  get now(): number {
    this.#subscribe()
    return Date.now()
  }
}

/** For ages in lists. */
export const ages = new Clock(10_000)
/** For time that runs while somebody waits. */
export const stopwatch = new Clock(100)
