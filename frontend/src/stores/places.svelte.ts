import { SvelteSet } from 'svelte/reactivity'

/** Where the user is in a list. It is kept when another list is shown, and found again on the way back. */
export class Place {
  query = $state('')
  activeKey = $state('')
  scrollTop = 0
  readonly collapsed = new SvelteSet<string>()

  toggle(group: string): void {
    if (!this.collapsed.delete(group)) this.collapsed.add(group)
  }
}

export const views = ['containers', 'images', 'volumes'] as const
export type View = (typeof views)[number]

function viewOf(hash: string): View {
  return views.find((view) => hash === `#/${view}`) ?? 'containers'
}

/** Which view is shown; the address says it, so that back and forward work. */
export class Places {
  #view = $state<View>(viewOf(location.hash))
  readonly containers = new Place()
  readonly images = new Place()
  readonly volumes = new Place()

  constructor() {
    window.addEventListener('hashchange', () => {
      this.#view = viewOf(location.hash)
    })
  }

  get view(): View {
    return this.#view
  }
}
