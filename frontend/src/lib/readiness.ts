import {
  ConditionContainerEngineReady,
  ConditionDegraded,
  ConditionRunning,
  ConditionSettled,
  FailurePermissionDenied,
  FailureVersionMismatch,
  ReasonConnectFailed,
  ReasonCrashed,
  ReasonFailed,
  ReasonNotApplicable,
  ReasonReconnecting,
  ReasonStartFailed,
  ReasonStopFailed,
  ReasonStopped,
  ReasonStopping,
  type App,
  type FailureStatus,
  type StartupStatus,
} from '../api/app.gen'
import type { Condition } from '../api/meta'
import type { Link } from '../stores/watch'
import { isFresh } from './ways'

/** What the user has to know of the engine; each is another text with another next step. */
export type Phase =
  | 'contacting' // the daemon has not answered yet
  | 'unreachable' // the daemon does not answer
  | 'signedOut' // this browser has no session
  | 'outdated' // the daemon is another version than this page
  | 'fresh' // nobody has chosen an engine yet
  | 'stopped'
  | 'stopping'
  | 'starting'
  | 'restarting' // for a setting
  | 'ready'
  | 'reconnecting' // the machine runs, the engine does not answer
  | 'crashed' // it died and is started again
  | 'failed' // it will not come without the user
  | 'gaveUp' // it died too often to be started again
  | 'denied' // this user may not speak to it
  | 'mismatch' // it is too old
  | 'stopFailed'
  | 'notMirrored' // it runs, and there is nothing to show of it

export interface Engine {
  phase: Phase
  /** More about it, in the words of who found out; while it is ready, what works less well than it should. */
  message: string
  /** Since when what is shown may be old; undefined while it is not. */
  asOf: Date | undefined
  startup: StartupStatus | undefined
  failure: FailureStatus | undefined
}

/** Draws the one conclusion from what the daemon says and how it is reached. */
export function readiness(app: App | undefined, link: Link, outdated = false): Engine {
  const status = app?.status
  const engine = { message: '', asOf: undefined, startup: status?.startup, failure: status?.failure }
  if (link.state === 'broken') {
    const asOf = link.since
    if (link.error.signedOut) return { ...engine, phase: 'signedOut', asOf }
    return { ...engine, phase: 'unreachable', message: link.error.message, asOf }
  }
  if (!app) return { ...engine, phase: 'contacting' }
  if (outdated) return { ...engine, phase: 'outdated' }
  if (isFresh(app)) return { ...engine, phase: 'fresh' }
  const conditions = new Conditions(app)
  const phase = app.spec?.running === true ? wanted(conditions, app.status?.failure) : unwanted(conditions)
  const told = conditions.get(explains[phase])
  const message = told?.message ?? ''
  if (phase === 'ready') return { ...engine, phase, message }
  const lost = conditions.get(ConditionContainerEngineReady)
  return { ...engine, phase, message, asOf: new Date(lost?.lastTransitionTime ?? Date.now()) }
}

/** The condition whose message belongs to a phase. */
const explains: Record<Phase, string> = {
  contacting: '',
  unreachable: '',
  signedOut: '',
  outdated: '',
  fresh: '',
  stopped: '',
  stopping: '',
  starting: '',
  restarting: '',
  ready: ConditionDegraded,
  reconnecting: ConditionContainerEngineReady,
  crashed: ConditionRunning,
  failed: ConditionSettled,
  gaveUp: ConditionSettled,
  denied: ConditionSettled,
  mismatch: ConditionSettled,
  stopFailed: ConditionRunning,
  notMirrored: ConditionContainerEngineReady,
}

function wanted(conditions: Conditions, failure: FailureStatus | undefined): Phase {
  const running = conditions.get(ConditionRunning)
  const ready = conditions.get(ConditionContainerEngineReady)
  if (conditions.holds(ConditionContainerEngineReady)) return 'ready'
  const failed =
    conditions.current(ConditionSettled)?.reason === ReasonFailed ||
    conditions.current(ConditionRunning)?.reason === ReasonStartFailed
  if (failed) return failedFor(failure, running?.reason)
  if (running?.reason === ReasonCrashed) return 'crashed'
  if (conditions.current(ConditionContainerEngineReady)?.reason === ReasonNotApplicable) return 'notMirrored'
  if (ready?.status === 'True' || running?.reason === ReasonStopping) return 'restarting'
  const up = running?.status === 'True'
  if (up && (ready?.reason === ReasonReconnecting || ready?.reason === ReasonConnectFailed)) return 'reconnecting'
  return 'starting'
}

/** A failure that another attempt can't mend has a phase of its own. */
function failedFor(failure: FailureStatus | undefined, running: string | undefined): Phase {
  if (failure?.reason === FailurePermissionDenied) return 'denied'
  if (failure?.reason === FailureVersionMismatch) return 'mismatch'
  return running === ReasonCrashed ? 'gaveUp' : 'failed'
}

/** It waits for the user, who may ask for one more attempt. */
export function canRetry(phase: Phase): boolean {
  return phase === 'failed' || phase === 'gaveUp' || phase === 'denied' || phase === 'mismatch'
}

/** What the daemon tells of a failure belongs to this phase. */
export function explainsFailure(phase: Phase): boolean {
  return canRetry(phase) || phase === 'crashed' || phase === 'stopFailed'
}

/** The command in a hint, where there is one that a terminal takes as it stands. */
export function commandIn(hint: string): string {
  return /\bsudo .+?(?=, then\b|; or\b|\. Or\b|\)|\.?$)/m.exec(hint)?.[0] ?? ''
}

function unwanted(conditions: Conditions): Phase {
  const running = conditions.get(ConditionRunning)
  if (conditions.current(ConditionRunning)?.reason === ReasonStopFailed) return 'stopFailed'
  if (running?.status === 'True') return 'stopping'
  if (!running || running.reason === ReasonStopped || conditions.current(ConditionRunning)) return 'stopped'
  return 'stopping'
}

class Conditions {
  readonly #all: readonly Condition[]
  readonly #generation: number

  constructor(app: App) {
    this.#all = app.status?.conditions ?? []
    this.#generation = app.metadata?.generation ?? 0
  }

  get(type: string): Condition | undefined {
    return this.#all.find((condition) => condition.type === type)
  }

  /** The condition if it was decided on what is wanted now, not on what was wanted before. */
  current(type: string): Condition | undefined {
    const found = this.get(type)
    return found && (found.observedGeneration ?? 0) >= this.#generation ? found : undefined
  }

  holds(type: string): boolean {
    return this.current(type)?.status === 'True'
  }
}
