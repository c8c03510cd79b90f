import type { Container } from '../api/containers.gen'
import { lookOf, nameOf, type Look } from './containers'
import { byName } from './text'

export interface Sort {
  column: string
  descending: boolean
}

/** What a container uses now, as far as it is known. */
export interface Usage {
  cpu: number | undefined
  memory: number | undefined
}

const order: readonly Look[] = [
  'failed',
  'unhealthy',
  'restarting',
  'starting',
  'running',
  'paused',
  'created',
  'exited',
  'unknown',
]

type Value = string | number | undefined

function valueOf(container: Container, column: string, usage: (id: string) => Usage | undefined): Value {
  const status = container.status
  switch (column) {
    case 'state':
      return order.indexOf(lookOf(container))
    case 'image':
      return status?.image
    case 'ports':
      return status?.ports?.flatMap((port) => port.bindings ?? [])[0]?.hostPort
    case 'cpu':
      return usage(container.metadata?.name ?? '')?.cpu
    case 'memory':
      return usage(container.metadata?.name ?? '')?.memory
    case 'started':
      return youth(status?.startedAt)
    case 'created':
      return youth(status?.createdAt)
    case 'restarts':
      return status?.restartCount ?? 0
    case 'service':
      return status?.composeService
    case 'id':
      return status?.id
    default:
      return nameOf(container)
  }
}

/** Youngest first is what "ascending age" means to people. */
export function youth(text: string | undefined): number | undefined {
  const parsed = Date.parse(text ?? '')
  return Number.isNaN(parsed) ? undefined : -parsed
}

/**
 * Orders containers by a column; what has no value comes last either way, and what is alike by name, then ID: the order never
 * depends on the engine's.
 */
export function comparing(
  sort: Sort,
  usage: (id: string) => Usage | undefined = () => undefined,
): (a: Container, b: Container) => number {
  return (a, b) => {
    const order = compareValues(valueOf(a, sort.column, usage), valueOf(b, sort.column, usage), sort.descending)
    if (order !== 0) return order
    return byName(nameOf(a), nameOf(b)) || byName(a.metadata?.name ?? '', b.metadata?.name ?? '')
  }
}

/** Orders other things by a column; those that are alike stay in the order they were given in. */
export function sortedBy<T>(things: T[], sort: Sort | undefined, columns: Record<string, (thing: T) => Value>): T[] {
  const value = columns[sort?.column ?? '']
  if (!sort || !value) return things
  return things.sort((a, b) => compareValues(value(a), value(b), sort.descending))
}

function compareValues(left: Value, right: Value, descending: boolean): number {
  if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? 1 : -1
  const found =
    typeof left === 'number' && typeof right === 'number' ? left - right : byName(String(left), String(right))
  return descending ? -found : found
}
