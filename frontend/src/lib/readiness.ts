import {
  ConditionContainerEngineReady,
  ConditionRunning,
  ConditionSettled,
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

/** What the user has to know of the engine; each is another text with another next step. */
export type Phase =
  | 'contacting' // the daemon has not answered yet
  | 'unreachable' // the daemon does not answer
  | 'signedOut' // this browser has no session
  | 'stopped'
  | 'stopping'
  | 'starting'
  | 'restarting' // for a setting
  | 'ready'
  | 'reconnecting' // the machine runs, the engine does not answer
  | 'crashed' // it died and is started again
  | 'failed' // it will not come without the user
  | 'stopFailed'
  | 'notMirrored' // it runs, and there is nothing to show of it

export interface Engine {
  phase: Phase
  /** More about it, in the words of who found out. */
  message: string
  /** Since when what is shown may be old; undefined while it is not. */
  asOf: Date | undefined
  startup: StartupStatus | undefined
  failure: FailureStatus | undefined
}

/** Draws the one conclusion from what the daemon says and how it is reached. */
export function readiness(app: App | undefined, link: Link): Engine {
  const status = app?.status
  const engine = { message: '', asOf: undefined, startup: status?.startup, failure: status?.failure }
  if (link.state === 'broken') {
    const asOf = link.since
    if (link.error.signedOut) return { ...engine, phase: 'signedOut', asOf }
    return { ...engine, phase: 'unreachable', message: link.error.message, asOf }
  }
  if (!app) return { ...engine, phase: 'contacting' }
  const conditions = new Conditions(app)
  const phase = app.spec?.running === true ? wanted(conditions) : unwanted(conditions)
  const told = conditions.get(phase === 'failed' ? ConditionSettled : explains[phase])
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
  stopped: '',
  stopping: '',
  starting: '',
  restarting: '',
  ready: '',
  reconnecting: ConditionContainerEngineReady,
  crashed: ConditionRunning,
  failed: ConditionSettled,
  stopFailed: ConditionRunning,
  notMirrored: ConditionContainerEngineReady,
}

function wanted(conditions: Conditions): Phase {
  const running = conditions.get(ConditionRunning)
  const ready = conditions.get(ConditionContainerEngineReady)
  if (conditions.holds(ConditionContainerEngineReady)) return 'ready'
  if (conditions.current(ConditionSettled)?.reason === ReasonFailed) return 'failed'
  if (conditions.current(ConditionRunning)?.reason === ReasonStartFailed) return 'failed'
  if (running?.reason === ReasonCrashed) return 'crashed'
  if (conditions.current(ConditionContainerEngineReady)?.reason === ReasonNotApplicable) return 'notMirrored'
  if (ready?.status === 'True' || running?.reason === ReasonStopping) return 'restarting'
  const up = running?.status === 'True'
  if (up && (ready?.reason === ReasonReconnecting || ready?.reason === ReasonConnectFailed)) return 'reconnecting'
  return 'starting'
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
