import type { KubeObject } from '../api/kinds'
import type { Transport } from '../api/transport'
import { emptyMirror, type Mirror } from './mirror'
import { watch, type Link } from './watch'

/** The live objects of one kind. Read-only for everyone: changes come from the API. */
export class Collection<T extends KubeObject> {
  #mirror = $state.raw<Mirror<T>>(emptyMirror<T>())
  #link = $state.raw<Link>({ state: 'connecting' })
  #stop = new AbortController()

  constructor(transport: Transport, path: string) {
    void watch<T>({
      transport,
      collection: path,
      signal: this.#stop.signal,
      publish: (mirror, link) => {
        this.#mirror = mirror
        this.#link = link
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
