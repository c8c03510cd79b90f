import type { KubeObject } from '../api/kinds'

/** One line of a watch. */
export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; object: KubeObject }
  | { type: 'ERROR'; code: number; message: string }

/** What the page knows of one kind. It is rebuilt from nothing but events. */
export interface Mirror<T> {
  /** By object name. While a list is being read anew, still what was known before. */
  readonly items: ReadonlyMap<string, T>
  /** The list that is being read, until it is whole; null once it is. */
  readonly reading: ReadonlyMap<string, T> | null
  /** True from the first whole list on: only then does empty mean empty. */
  readonly synced: boolean
  /** Where the next watch goes on; empty before the first whole list. */
  readonly resourceVersion: string
}

export const initialEventsEnd = 'k8s.io/initial-events-end'

export function emptyMirror<T>(): Mirror<T> {
  return { items: new Map(), reading: new Map(), synced: false, resourceVersion: '' }
}

/** A list is about to be read anew. What was known stays until it is whole. */
export function restarted<T>(mirror: Mirror<T>): Mirror<T> {
  return { ...mirror, reading: new Map(), resourceVersion: '' }
}

/** Applies events in order. The maps of the mirror that went in stay as they were. */
export function reduce<T extends KubeObject>(mirror: Mirror<T>, events: readonly WatchEvent<T>[]): Mirror<T> {
  let { items, reading, synced, resourceVersion } = mirror
  let target = new Map(reading ?? items)
  for (const event of events) {
    if (event.type === 'ERROR') continue
    const { name = '', resourceVersion: version, annotations } = event.object.metadata ?? {}
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        target.set(name, event.object)
        break
      case 'DELETED':
        target.delete(name)
        break
      case 'BOOKMARK':
        if (reading && annotations?.[initialEventsEnd] === 'true') {
          items = target
          reading = null
          synced = true
          target = new Map(items)
        }
        break
    }
    // While a list is being read its objects come in no order of versions: only its end says where it stands.
    if (!reading && version) resourceVersion = version
  }
  return reading
    ? { items, reading: target, synced, resourceVersion }
    : { items: target, reading, synced, resourceVersion }
}

/** Reads one line of a watch; undefined for one that makes no sense, which is skipped. */
export function parseEvent<T extends KubeObject>(line: string): WatchEvent<T> | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return undefined
  }
  if (!isRecord(parsed) || !isRecord(parsed['object'])) return undefined
  const object = parsed['object']
  switch (parsed['type']) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      // The daemon is ours and serves the types that this page was generated from.
      return { type: parsed['type'], object: object as unknown as T }
    case 'BOOKMARK':
      return { type: 'BOOKMARK', object: object as unknown as KubeObject }
    case 'ERROR':
      return { type: 'ERROR', code: Number(object['code'] ?? 500), message: String(object['message'] ?? '') }
    default:
      return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
