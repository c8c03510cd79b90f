import type { Container } from '../api/containers.gen'
import { nameOf } from '../lib/containers'
import type { Engine, Phase } from '../lib/readiness'
import { visible } from '../lib/text'
import type { Mirror } from './mirror'

/** What kind of thing happened. */
export type Happening =
  | 'created'
  | 'removed'
  | 'started'
  | 'stopped'
  | 'paused'
  | 'resumed'
  | 'restarting'
  | 'unhealthy'
  | 'healthy'
  | 'action'
  | 'engine'

export interface Entry {
  id: number
  at: Date
  what: Happening
  /** Object name of the container; empty for the engine. */
  container: string
  /** Its name for people. */
  name: string
  /** The engine's phase, the action, an exit code: what `what` needs to be told. */
  detail: string
  /** Why it failed, where it did. */
  error: string
  bad: boolean
}

/** As many as are kept. */
const kept = 1000

type Told = Pick<Entry, 'what' | 'detail' | 'error' | 'bad'>

function told(what: Happening, detail = '', error = '', bad = error !== ''): Told {
  return { what, detail, error, bad }
}

/** What a change of one container means to people. */
export function happenings(before: Container | undefined, after: Container | undefined): Told[] {
  if (!before) return after ? [told('created')] : []
  if (!after) return [told('removed')]
  const [old, now] = [before.status, after.status]
  const found: Told[] = []
  const last = now?.lastAction
  const settled = last?.state === 'succeeded' || last?.state === 'failed'
  if (settled && (last.completedAt !== old?.lastAction?.completedAt || old?.lastAction?.state !== last.state))
    found.push(told('action', last.action, last.state === 'failed' ? visible(last.error ?? '') : ''))
  if (old?.status !== now?.status) {
    if (now?.status === 'running') found.push(told(old?.status === 'paused' ? 'resumed' : 'started'))
    else if (now?.status === 'paused') found.push(told('paused'))
    else if (now?.status === 'restarting') found.push(told('restarting', String(now.exitCode ?? 0), '', true))
    else if (now?.status === 'exited' || now?.status === 'dead') found.push(stopped(now))
  } else if (now?.status === 'running' && old?.startedAt !== now.startedAt) found.push(told('started'))
  if (old?.health !== now?.health) {
    if (now?.health === 'unhealthy') found.push(told('unhealthy', '', '', true))
    if (now?.health === 'healthy') found.push(told('healthy'))
  }
  return found
}

function stopped(now: NonNullable<Container['status']>): Told {
  const { exitCode = 0, oomKilled } = now
  return told(
    'stopped',
    oomKilled === true ? 'oom' : String(exitCode),
    '',
    oomKilled === true || ![0, 137, 143].includes(exitCode),
  )
}

/** What this page saw happen, latest last. It begins when the page is opened and has an end. */
export class Activity {
  #entries = $state.raw<readonly Entry[]>([])
  #next = 1
  #phase: Phase | undefined
  readonly since = new Date()

  get entries(): readonly Entry[] {
    return this.#entries
  }

  containers(before: Mirror<Container>, after: Mirror<Container>): void {
    if (!before.synced || before.items === after.items) return
    const found: Entry[] = []
    for (const [name, now] of after.items) {
      const old = before.items.get(name)
      if (old !== now) for (const event of happenings(old, now)) found.push(this.#entry(name, nameOf(now), event))
    }
    for (const [name, old] of before.items)
      if (!after.items.has(name)) found.push(this.#entry(name, nameOf(old), told('removed')))
    this.#add(found)
  }

  engine(engine: Engine): void {
    if (engine.phase === this.#phase) return
    const first = this.#phase === undefined
    this.#phase = engine.phase
    if (first) return
    const bad = ['failed', 'crashed', 'stopFailed', 'unreachable'].includes(engine.phase)
    this.#add([this.#entry('', '', told('engine', engine.phase, bad ? visible(engine.message) : '', bad))])
  }

  #entry(container: string, name: string, event: Told): Entry {
    return { id: this.#next++, at: new Date(), container, name, ...event }
  }

  #add(found: readonly Entry[]): void {
    if (found.length > 0) this.#entries = [...this.#entries, ...found].slice(-kept)
  }
}
