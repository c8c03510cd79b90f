import type { KubeObject } from '../api/kinds'
import type { Transport } from '../api/transport'
import { emptyMirror, type Mirror } from './mirror'
import { watch, type Link } from './watch'

/** The live objects of one kind. Read-only for everyone: changes come from the API. */
export class Collection<T extends KubeObject> {
  #mirror = $state.raw<Mirror<T>>(emptyMirror<T>())
  #link = $state.raw<Link>({ state: 'connecting' })
  #stop = new AbortController()

  /** `changed` hears of every change, with what was known before it. */
  constructor(transport: Transport, path: string, changed?: (before: Mirror<T>, after: Mirror<T>) => void) {
    void watch<T>({
      transport,
      collection: path,
      signal: this.#stop.signal,
      publish: (mirror, link) => {
        const before = this.#mirror
        this.#mirror = mirror
        this.#link = link
        if (before !== mirror) changed?.(before, mirror)
      },
    })
  }

  get items(): ReadonlyMap<string, T> {
    return this.#mirror.items
  }

  /** The first whole list was read: only now does empty mean empty. */
  get synced(): boolean {
    return this.#mirror.synced
  }

  /** What is shown is what is so, as far as the daemon knows. */
  get live(): boolean {
    return this.#link.state === 'live'
  }

  get link(): Link {
    return this.#link
  }

  /** Ends the watch. */
  close(): void {
    this.#stop.abort()
  }
}
