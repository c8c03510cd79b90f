import { describe, expect, it } from 'vitest'
import type { App } from '../api/app.gen'
import { ApiError } from '../api/error'
import type { Condition } from '../api/meta'
import type { Link } from '../stores/watch'
import { commandIn, readiness, type Phase } from './readiness'
import { strings } from '../text/page'

type Said = [type: string, status: 'True' | 'False', reason: string, generation?: number]

const generation = 5
const transition = '2026-11-22T14:02:11Z'
const live: Link = { state: 'live' }

function app(running: boolean, ...said: Said[]): App & { status: object } {
  const conditions = said.map(([type, status, reason, observed = generation]): Condition => {
    return {
      type,
      status,
      reason,
      observedGeneration: observed,
      lastTransitionTime: transition,
      message: `about ${type}`,
    }
  })
  return { metadata: { name: 'app', generation }, spec: { running }, status: { conditions } }
}

const up: Said = ['Running', 'True', 'Started']

describe('readiness', () => {
  it.each<[string, Phase, App]>([
    ['nothing was decided yet', 'starting', app(true)],
    ['the machine starts', 'starting', app(true, ['Running', 'False', 'Starting'])],
    [
      'start was just wished for',
      'starting',
      app(true, ['Running', 'False', 'Stopped', 4], ['Settled', 'True', 'Settled', 4]),
    ],
    ['the first list is read', 'starting', app(true, up, ['ContainerEngineReady', 'False', 'Connecting'])],
    ['it is synced', 'ready', app(true, up, ['ContainerEngineReady', 'True', 'Connected'])],
    [
      'it was ready for the settings before',
      'restarting',
      app(true, up, ['ContainerEngineReady', 'True', 'Connected', 4]),
    ],
    [
      'it stops for other settings',
      'restarting',
      app(true, ['Running', 'True', 'Stopping'], ['ContainerEngineReady', 'False', 'Stopped']),
    ],
    ['the engine is lost', 'reconnecting', app(true, up, ['ContainerEngineReady', 'False', 'Reconnecting'])],
    ['the engine refuses', 'reconnecting', app(true, up, ['ContainerEngineReady', 'False', 'ConnectFailed'])],
    [
      'the engine died',
      'crashed',
      app(true, ['Running', 'False', 'Crashed'], ['ContainerEngineReady', 'False', 'Reconnecting']),
    ],
    ['the engine died too often', 'gaveUp', app(true, ['Running', 'False', 'Crashed'], ['Settled', 'False', 'Failed'])],
    ['the start failed', 'failed', app(true, ['Running', 'False', 'StartFailed'], ['Settled', 'False', 'Failed'])],
    [
      'the start before failed',
      'starting',
      app(true, ['Running', 'False', 'StartFailed', 4], ['Settled', 'False', 'Failed', 4]),
    ],
    ['containerd runs', 'notMirrored', app(true, up, ['ContainerEngineReady', 'False', 'NotApplicable'])],
    ['nothing was ever wished', 'stopped', app(false)],
    ['it is stopped', 'stopped', app(false, ['Running', 'False', 'Stopped'])],
    ['it is stopped after a failure', 'stopped', app(false, ['Running', 'False', 'StartFailed'])],
    [
      'stop was just wished for',
      'stopping',
      app(false, ['Running', 'True', 'Started', 4], ['ContainerEngineReady', 'True', 'Connected', 4]),
    ],
    ['it stops', 'stopping', app(false, ['Running', 'True', 'Stopping'])],
    ['a start is being cancelled', 'stopping', app(false, ['Running', 'False', 'Starting', 4])],
    ['it will not stop', 'stopFailed', app(false, ['Running', 'True', 'StopFailed'])],
  ])('when %s, it is %s', (_, phase, object) => {
    expect(readiness(object, live).phase).toBe(phase)
  })

  it.each<[string, Phase]>([
    ['PermissionDenied', 'denied'],
    ['VersionMismatch', 'mismatch'],
    ['', 'failed'],
  ])('tells a failure for %s from the others', (reason, phase) => {
    const object = app(true, ['Running', 'False', 'StartFailed'], ['Settled', 'False', 'Failed'])
    const failure = { reason, message: 'so', at: transition }
    expect(readiness({ ...object, status: { ...object.status, failure } }, live).phase).toBe(phase)
  })

  it('waits for a choice before the first start, and for a reload after an update', () => {
    const made: App = { metadata: { name: 'app', generation: 1 }, spec: { running: false } }
    expect(readiness(made, live).phase).toBe('fresh')
    expect(readiness(app(true, up, ['ContainerEngineReady', 'True', 'Connected']), live, true).phase).toBe('outdated')
  })

  it.each<[string, string]>([
    ['Join its group: sudo usermod -aG docker "$USER", then log in again. Or …', 'sudo usermod -aG docker "$USER"'],
    ['Start Docker (sudo systemctl start docker), or install it', 'sudo systemctl start docker'],
    ['sudo apt install docker.io', 'sudo apt install docker.io'],
    ['sudo apt install uidmap; or use a Docker that runs already', 'sudo apt install uidmap'],
    ['Check the address', ''],
  ])('finds the command in %s', (hint, command) => {
    expect(commandIn(hint)).toBe(command)
  })

  it('says what works less well than it should while it is ready', () => {
    const ready: Said = ['ContainerEngineReady', 'True', 'Connected']
    expect(readiness(app(true, up, ready), live).message).toBe('')
    expect(readiness(app(true, up, ready, ['Degraded', 'True', 'Warning']), live)).toMatchObject({
      phase: 'ready',
      message: 'about Degraded',
    })
  })

  it('is contacting before the daemon has answered', () => {
    expect(readiness(undefined, { state: 'connecting' }).phase).toBe('contacting')
  })

  it('says that the daemon is away, whatever it said last, and since when that is', () => {
    const since = new Date()
    const link: Link = { state: 'broken', error: new ApiError(0, 'connection refused'), since }
    expect(readiness(app(true, up, ['ContainerEngineReady', 'True', 'Connected']), link)).toMatchObject({
      phase: 'unreachable',
      asOf: since,
      message: 'connection refused',
    })
  })

  it('tells a missing session from a missing daemon', () => {
    const link: Link = { state: 'broken', error: new ApiError(401, ''), since: new Date() }
    expect(readiness(undefined, link).phase).toBe('signedOut')
  })

  it('knows since when rows are old', () => {
    const lost = readiness(app(true, up, ['ContainerEngineReady', 'False', 'Reconnecting']), live)
    expect(lost).toMatchObject({ asOf: new Date(transition), message: 'about ContainerEngineReady' })
    expect(readiness(app(true, up, ['ContainerEngineReady', 'True', 'Connected']), live).asOf).toBeUndefined()
  })

  it('has a title and a reason of its own for every phase but ready', () => {
    const texts = Object.entries(strings.phases).filter(([phase]) => phase !== 'ready')
    for (const key of ['title', 'detail', 'reason'] as const) {
      expect(new Set(texts.map(([, text]) => text[key])).size).toBe(texts.length)
    }
    expect(strings.phases.ready.reason).toBe('')
  })
})
