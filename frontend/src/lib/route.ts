/** The pages, in the order of the navigation. */
export const views = ['containers', 'images', 'volumes', 'networks', 'activity', 'settings', 'diagnostics'] as const
export type View = (typeof views)[number]

/** The pages that are lists of what an engine has. */
export const lists = ['containers', 'images', 'volumes', 'networks'] as const
export type ListView = (typeof lists)[number]

/** Where somebody is: a page, perhaps one thing on it, perhaps one side of that. */
export interface Route {
  view: View
  /** Object name; empty for the list. */
  id: string
  tab: string
}

/** Reads an address such as "#/containers/<id>/logs". What it does not know leads to the containers. */
export function parseRoute(hash: string): Route {
  const [, view, id = '', tab = ''] = hash.split('/')
  const known = views.find((name) => name === view)
  return known ? { view: known, id: decode(id), tab: decode(tab) } : { view: 'containers', id: '', tab: '' }
}

export function address(view: View, id = '', tab = ''): string {
  return ['#', view, ...(id ? [encodeURIComponent(id), ...(tab ? [encodeURIComponent(tab)] : [])] : [])].join('/')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
