import { AnnotationAction, ActionFailed, ActionPending, ConditionDeleting, type Container } from '../api/containers.gen'
import type { Condition } from '../api/meta'
import { shortID, visible } from './text'

/** How a container looks: each look has its own shape and its own word. */
export type Look =
  'running' | 'starting' | 'unhealthy' | 'paused' | 'restarting' | 'created' | 'exited' | 'failed' | 'unknown'

/** What one click does to it. */
export type Switch = 'start' | 'stop' | 'unpause'

export function lookOf(container: Container): Look {
  const { status, health, exitCode = 0, oomKilled } = container.status ?? {}
  switch (status) {
    case 'running':
      return health === 'unhealthy' ? 'unhealthy' : health === 'starting' ? 'starting' : 'running'
    case 'paused':
    case 'restarting':
    case 'created':
      return status
    case 'removing':
      return 'exited'
    case 'exited':
      // 143 and 137 are what docker stop leaves behind.
      return oomKilled === true || ![0, 137, 143].includes(exitCode) ? 'failed' : 'exited'
    case 'dead':
      return 'failed'
    default:
      return 'unknown'
  }
}

export function switchOf(container: Container): Switch {
  const state = container.status?.status
  if (state === 'paused') return 'unpause'
  return state === 'running' || state === 'restarting' ? 'stop' : 'start'
}

/** The name that people gave it; never empty. */
export function nameOf(container: Container): string {
  const { name, id } = container.status ?? {}
  return visible(name ?? shortID(id ?? container.metadata?.name ?? ''))
}

/** What Berth is doing to it now, as the daemon says: "stop", "delete", … */
export function pendingOf(container: Container): string | undefined {
  if (container.metadata?.deletionTimestamp !== undefined) return 'delete'
  const asked = container.metadata?.annotations?.[AnnotationAction]
  if (asked !== undefined) return asked
  const last = container.status?.lastAction
  return last?.state === ActionPending ? last.action : undefined
}

/** Why what was wanted last did not happen; `id` changes with each failure, so that one can be put aside. */
export function troubleOf(container: Container): { id: string; text: string } | undefined {
  const held = heldUp(container.metadata?.deletionTimestamp, container.status?.conditions)
  if (held) return held
  const last = container.status?.lastAction
  if (last?.state !== ActionFailed) return undefined
  return { id: `${last.action} ${last.completedAt ?? last.observedAt}`, text: visible(last.error ?? '') }
}

/** Why a wanted delete does not happen. */
export function heldUp(
  deletionTimestamp: string | undefined,
  conditions: readonly Condition[] | undefined,
): { id: string; text: string } | undefined {
  if (deletionTimestamp === undefined) return undefined
  const found = conditions?.find((condition) => condition.type === ConditionDeleting && condition.status === 'False')
  return found && { id: `delete ${found.lastTransitionTime}`, text: visible(found.message) }
}

/** Volumes that nobody named and that go with their container. */
export function anonymousVolumes(container: Container): number {
  return (container.status?.mounts ?? []).filter(
    (mount) => mount.type === 'volume' && /^[0-9a-f]{64}$/.test(mount.name ?? ''),
  ).length
}

const rollups: readonly Look[] = ['failed', 'unhealthy', 'restarting', 'starting', 'running', 'paused', 'created']

/** How a group looks: as the member that needs attention most. */
export function rollup(members: readonly Container[]): Look {
  const looks = new Set(members.map(lookOf))
  return rollups.find((look) => looks.has(look)) ?? 'exited'
}
