import type { Component } from 'svelte'
import type { Container } from '../../api/containers.gen'
import { detail } from '../../text/container'
import type { Berth } from '../../stores/berth.svelte'

/** What every side of a container is given. */
export interface TabProps extends Record<string, unknown> {
  berth: Berth
  container: Container
  /** Why what needs the engine can't be used; empty while it can. */
  blocked: string
}

export interface Tab {
  id: string
  label: string
  load: () => Promise<{ default: Component<TabProps> }>
}

/** The sides of a container, in their order. Each is fetched when it is first shown. */
export const tabs: readonly Tab[] = [
  { id: 'overview', label: detail.tabs.overview, load: () => import('./Overview.svelte') },
  { id: 'logs', label: detail.tabs.logs, load: () => import('./ContainerLogs.svelte') },
  { id: 'terminal', label: detail.tabs.terminal, load: () => import('./Terminal.svelte') },
  { id: 'stats', label: detail.tabs.stats, load: () => import('./Stats.svelte') },
  { id: 'files', label: detail.tabs.files, load: () => import('./Files.svelte') },
  { id: 'inspect', label: detail.tabs.inspect, load: () => import('./Inspect.svelte') },
  { id: 'environment', label: detail.tabs.environment, load: () => import('./Environment.svelte') },
  { id: 'mounts', label: detail.tabs.mounts, load: () => import('./Mounts.svelte') },
  { id: 'networks', label: detail.tabs.networks, load: () => import('./Networks.svelte') },
]
