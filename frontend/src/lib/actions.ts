import type { Container } from '../api/containers.gen'

/** What can be asked of a container. */
export const verbs = ['start', 'stop', 'restart', 'pause', 'unpause', 'kill', 'delete'] as const
export type Verb = (typeof verbs)[number]

/** Says whether asking it makes sense in the state that was last seen. */
export function sensible(verb: Verb, container: Container): boolean {
  const state = container.status?.status
  const up = state === 'running' || state === 'restarting'
  switch (verb) {
    case 'start':
      return !up && state !== 'paused' && state !== 'removing'
    case 'stop':
      return up || state === 'paused'
    case 'restart':
      return state !== 'removing'
    case 'pause':
      return state === 'running'
    case 'unpause':
      return state === 'paused'
    case 'kill':
      return up || state === 'paused'
    case 'delete':
      return true
  }
}

/** The verbs that make sense for at least one of these, in their usual order. */
export function offered(containers: readonly Container[]): Verb[] {
  return verbs.filter((verb) => containers.some((container) => sensible(verb, container)))
}

/** The single keys that act on a row. */
export function verbOfKey(key: string, container: Container): Verb | undefined {
  const paused = container.status?.status === 'paused'
  switch (key) {
    case 's':
      return paused ? 'unpause' : sensible('start', container) ? 'start' : 'stop'
    case 'r':
      return 'restart'
    case 'p':
      return paused ? 'unpause' : 'pause'
    case 'K':
      return 'kill'
    case 'Delete':
    case 'Backspace':
      return 'delete'
    default:
      return undefined
  }
}
