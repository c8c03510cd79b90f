import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import { address, lists, parseRoute, type ListView, type Route, type View } from '../lib/route'
import type { Sort } from '../lib/sort'
import { readStored, writeStored } from './stored'

/** Bump it when what is remembered changes its form: what is older is forgotten. */
const version = 1
const key = 'berth.places'

interface Remembered {
  query: string
  activeKey: string
  scrollTop: number
  sort: Sort | null
  grouped: boolean
  columns: [string, boolean][]
  collapsed: string[]
  selected: string[]
}

/** Where the user is in a list. It is kept when another page is shown or the window closed, and found again after. */
export class Place {
  query = $state('')
  activeKey = $state('')
  scrollTop = 0
  /** Undefined for the list's own order. */
  sort = $state.raw<Sort>()
  /** Rows stand beneath what they belong to. */
  grouped = $state(true)
  /** Columns that the user wants to see or not to see, whatever is usual. */
  readonly columns = new SvelteMap<string, boolean>()
  readonly collapsed = new SvelteSet<string>()
  /** The keys of the rows that were chosen. */
  readonly selected = new SvelteSet<string>()

  toggle(group: string): void {
    if (!this.collapsed.delete(group)) this.collapsed.add(group)
  }

  /** Chooses exactly these. */
  select(keys: ReadonlySet<string>): void {
    for (const old of [...this.selected]) if (!keys.has(old)) this.selected.delete(old)
    for (const key of keys) this.selected.add(key)
  }

  /** Sorts by a column: first up, then down, then as usual. */
  sortBy(column: string): void {
    if (this.sort?.column !== column) this.sort = { column, descending: false }
    else this.sort = this.sort.descending ? undefined : { column, descending: true }
  }

  get remembered(): Remembered {
    return {
      query: this.query,
      activeKey: this.activeKey,
      scrollTop: this.scrollTop,
      sort: this.sort ?? null,
      grouped: this.grouped,
      columns: [...this.columns],
      collapsed: [...this.collapsed],
      selected: [...this.selected],
    }
  }

  restore(old: Partial<Remembered>): void {
    this.query = old.query ?? ''
    this.activeKey = old.activeKey ?? ''
    this.scrollTop = old.scrollTop ?? 0
    this.sort = old.sort ?? undefined
    this.grouped = old.grouped ?? true
    for (const [column, shown] of old.columns ?? []) this.columns.set(column, shown)
    for (const group of old.collapsed ?? []) this.collapsed.add(group)
    for (const row of old.selected ?? []) this.selected.add(row)
  }
}

interface Stored extends Partial<Record<ListView, Partial<Remembered>>> {
  hash?: string
}

/** Where the user is, everywhere. The address says which page, so that back and forward work. */
export class Places {
  #route = $state.raw<Route>({ view: 'containers', id: '', tab: '' })
  readonly containers = new Place()
  readonly images = new Place()
  readonly volumes = new Place()
  readonly networks = new Place()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The page is where it was left the last time, and it is not known yet whether what it is about is still there. */
  #unsure = false

  constructor() {
    const stored = readStored<Stored>(key, version) ?? {}
    for (const list of lists) this[list].restore(stored[list] ?? {})
    if (location.hash === '' && stored.hash !== undefined) {
      history.replaceState(null, '', stored.hash)
      this.#unsure = true
    }
    this.#route = parseRoute(location.hash)
    window.addEventListener('hashchange', () => {
      this.#unsure = false
      this.#route = parseRoute(location.hash)
    })
    $effect.root(() => {
      $effect(() => {
        void this.#route
        for (const list of lists) void this[list].remembered
        this.touch()
      })
    })
    // Scrolling changes no state that an effect could see.
    window.addEventListener('pagehide', () => {
      this.#save()
    })
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.#save()
    })
  }

  get route(): Route {
    return this.#route
  }

  get view(): View {
    return this.#route.view
  }

  /**
   * Leads to the list if the page was left at a thing that has gone since: who opens it did not come for a thing that is
   * no more. Who walks there, or sees it go, is told so. `there` gives undefined while that is not known.
   */
  settle(there: (list: ListView, id: string) => boolean | undefined): void {
    const { view, id } = this.#route
    const list = lists.find((name) => name === view)
    const found = list === undefined || id === '' || there(list, id)
    if (!this.#unsure || found === undefined) return
    this.#unsure = false
    if (found) return
    history.replaceState(null, '', address(view))
    this.#route = parseRoute(location.hash)
  }

  /** Something changed that is worth remembering. */
  touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#save()
    }, 300)
  }

  #save(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const stored: Stored = { hash: location.hash }
    for (const list of lists) stored[list] = this[list].remembered
    writeStored(key, version, stored)
  }
}
