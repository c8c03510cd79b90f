import type { Container } from '../api/containers.gen'
import { sensible, verbs, type Verb } from './actions'
import { nameOf } from './containers'
import { matches, words } from './filter'
import { projectKey, projects } from './project'
import { address, views, type ListView } from './route'
import { strings } from '../text/page'
import { making } from '../text/make'
import { diagnostics } from '../text/diagnostics'
import { palette } from '../text/palette'
import { pulling } from '../text/pull'
import { byName, visible } from './text'

/** One thing that the palette can do. */
export interface Command {
  id: string
  label: string
  /** What sort of thing it is. */
  kind: string
  /** Why it can't be done now. */
  blocked: string
  run: () => void
}

export interface Means {
  containers: readonly Container[]
  /** Those that the user chose, or stands on. */
  chosen: readonly Container[]
  blocked: string
  go: (hash: string) => void
  act: (verb: Verb, containers: Container[]) => void
}

/** The lists to which a page can add something. */
export const growing = ['images', 'volumes', 'networks'] as const satisfies readonly ListView[]
export type Growing = (typeof growing)[number]

/** What the buttons of the pages do. */
export interface Buttons {
  /** Object names of what nobody uses. */
  unused: Readonly<Record<Growing, readonly string[]>>
  add: (to: Growing) => void
  select: (list: Growing, names: readonly string[]) => void
  group: () => void
  check: () => void
  keys: () => void
}

const text = palette
const most = 60

/** What fits what was typed, the likeliest first. */
export function commands(query: string, fixed: readonly Command[], means: Means): Command[] {
  const wanted = words(query)
  const pages = views.map((view): Command => {
    return page(view, strings.views[view], text.page, address(view), means)
  })
  const fits = (command: Command): boolean => matches(wanted, [command.label, command.kind])
  const found = [...actionsOn(means.chosen, means), ...pages, ...fixed].filter(fits)
  if (wanted.length === 0) return found
  const named = means.containers
    .filter((c) => matches(wanted.slice(0, 1), [nameOf(c)]) || matches(wanted.slice(1, 2), [nameOf(c)]))
    .sort((a, b) => byName(nameOf(a), nameOf(b)))
    .slice(0, 12)
  const own = named
    .flatMap((container) => [...placesOf(container, means), ...actionsOn([container], means)])
    .filter(fits)
  const whole = projects(means.containers)
    .filter((project) => matches(wanted.slice(0, 1), [project]) || matches(wanted.slice(1, 2), [project]))
    .slice(0, 12)
    .map((project) =>
      page(
        projectKey(project),
        text.logsOfAll(visible(project)),
        text.project,
        address('containers', projectKey(project)),
        means,
      ),
    )
    .filter(fits)
  const seen = new Set<string>()
  return [...found, ...whole, ...own].filter((c) => !seen.has(c.id) && seen.add(c.id)).slice(0, most)
}

/** The buttons of the pages, from wherever one is: what rests there rests here, and says the same. */
export function buttonCommands(buttons: Buttons, blocked: string): Command[] {
  const titles = { images: pulling.title, volumes: making.volumes.title, networks: making.networks.title }
  const action = (id: string, label: string, run: () => void, why = ''): Command => {
    return { id, label, kind: text.action, blocked: why, run }
  }
  const added = growing.map((list) =>
    action(
      `add ${list}`,
      `${titles[list]}…`,
      () => {
        buttons.add(list)
      },
      blocked,
    ),
  )
  const selected = growing
    .filter((list) => buttons.unused[list].length > 0)
    .map((list) =>
      action(`unused ${list}`, text.unused[list](buttons.unused[list].length), () => {
        buttons.select(list, buttons.unused[list])
      }),
    )
  return [
    ...added,
    ...selected,
    action('group', strings.columns.grouped, buttons.group),
    action('check', diagnostics.again, buttons.check),
    action('keys', strings.keys.open, buttons.keys),
  ]
}

function page(id: string, label: string, kind: string, hash: string, means: Means): Command {
  return {
    id: `go ${id}`,
    label,
    kind,
    blocked: '',
    run: () => {
      means.go(hash)
    },
  }
}

function placesOf(container: Container, means: Means): Command[] {
  const id = container.metadata?.name ?? ''
  const name = nameOf(container)
  return [
    page(id, name, text.container, address('containers', id), means),
    page(`${id} logs`, text.logs(name), text.container, address('containers', id, 'logs'), means),
  ]
}

function actionsOn(containers: readonly Container[], means: Means): Command[] {
  const [only] = containers
  if (!only) return []
  const what = containers.length === 1 ? nameOf(only) : text.chosen(containers.length)
  return verbs
    .filter((verb) => containers.some((container) => sensible(verb, container)))
    .map((verb) => ({
      id: `${verb} ${containers.map((c) => c.metadata?.name ?? '').join(' ')}`,
      label: strings.row.act(strings.verbs[verb], what),
      kind: text.action,
      blocked: means.blocked,
      run: () => {
        means.act(verb, [...containers])
      },
    }))
}
