import type { KubeObject } from '../api/kinds'
import type { Collection } from './collection.svelte'

/**
 * The one object that a page is about. It stays in sight after it went: what it says may still be what somebody came for.
 * Construct it where a component begins: it watches as long as that lives.
 */
export class Seen<T extends KubeObject> {
  readonly #all: () => Collection<T> | undefined
  #last = $state.raw<T>()
  readonly #current: T | undefined

  constructor(all: () => Collection<T> | undefined, name: () => string) {
    this.#all = all
    this.#current = $derived(all()?.items.get(name()))
    $effect(() => {
      if (this.#current) this.#last = this.#current
    })
  }

  /** What it is now; undefined while it is not known, and once it went. */
  get current(): T | undefined {
    return this.#current
  }

  /** What it is or was. */
  get shown(): T | undefined {
    return this.#current ?? this.#last
  }

  /** It was there, or should be, and is not. */
  get gone(): boolean {
    return !this.#current && this.#all()?.synced === true
  }
}
