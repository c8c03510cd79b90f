import type { Container } from '../api/containers.gen'
import { lookOf, nameOf } from './containers'
import type { Language } from './filter'
import { strings } from '../text/page'
import { byName } from './text'

const stopped = ['exited', 'created', 'dead']

/** What containers can be asked to be. */
const states: Readonly<Record<string, (container: Container) => boolean>> = {
  running: (c) => c.status?.status === 'running',
  stopped: (c) => stopped.includes(c.status?.status ?? ''),
  failed: (c) => lookOf(c) === 'failed',
  paused: (c) => c.status?.status === 'paused',
  restarting: (c) => c.status?.status === 'restarting',
  healthy: (c) => c.status?.health === 'healthy',
  unhealthy: (c) => c.status?.health === 'unhealthy',
  created: (c) => c.status?.status === 'created',
  exited: (c) => c.status?.status === 'exited',
  oom: (c) => c.status?.oomKilled === true,
  compose: (c) => (c.status?.composeProject ?? '') !== '',
}

function has(text: string | undefined, value: string): boolean {
  return text?.toLowerCase().includes(value) === true
}

/** The language of the containers' search. */
export const containerLanguage: Language<Container> = {
  keys: {
    is: (container, value) => states[value]?.(container) ?? false,
    name: (container, value) => has(container.status?.name, value),
    image: (container, value) => has(container.status?.image, value) || has(container.status?.imageID, value),
    port: (container, value) =>
      (container.status?.ports ?? []).some(
        (port) =>
          String(port.port) === value || (port.bindings ?? []).some((binding) => String(binding.hostPort) === value),
      ),
    label: (container, value) => {
      const equals = value.indexOf('=')
      const key = equals < 0 ? value : value.slice(0, equals)
      return Object.entries(container.status?.labels ?? {}).some(
        ([name, text]) => name.toLowerCase() === key && (equals < 0 || text.toLowerCase() === value.slice(equals + 1)),
      )
    },
    project: (container, value) => has(container.status?.composeProject, value),
    network: (container, value) => (container.status?.networks ?? []).some((network) => has(network.name, value)),
    volume: (container, value) => (container.status?.mounts ?? []).some((mount) => has(mount.name, value)),
    id: (container, value) => container.status?.id?.startsWith(value) === true,
  },
  text: (container) => {
    const status = container.status
    const ports = status?.ports?.flatMap((port) => [port.name, ...(port.bindings ?? []).map((b) => String(b.hostPort))])
    return [
      status?.name,
      status?.image,
      status?.id,
      status?.status,
      status?.composeProject,
      status?.composeService,
      strings.looks[lookOf(container)],
      ...(ports ?? []),
    ]
  },
}

/** What the keys of the containers' search are known to be. It is read only while somebody types. */
export function containerVocabulary(containers: readonly Container[]): Record<string, string[]> {
  const gather = (of: (container: Container) => (string | undefined)[]): string[] =>
    [...new Set(containers.flatMap(of))]
      .filter((text) => text !== undefined)
      .filter((text) => text !== '' && text.length < 120)
      .sort(byName)
  return {
    is: Object.keys(states),
    name: containers.map(nameOf).sort(byName),
    image: gather((c) => [c.status?.image]),
    port: gather((c) =>
      (c.status?.ports ?? []).flatMap((port) => (port.bindings ?? []).map((b) => String(b.hostPort))),
    ),
    label: gather((c) =>
      Object.entries(c.status?.labels ?? {}).map(([key, value]) => (value ? `${key}=${value}` : key)),
    ),
    project: gather((c) => [c.status?.composeProject]),
    network: gather((c) => (c.status?.networks ?? []).map((network) => network.name)),
    volume: gather((c) => (c.status?.mounts ?? []).map((mount) => mount.name)),
  }
}
