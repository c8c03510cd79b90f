import { describe, expect, it } from 'vitest'
import type { App } from '../api/app.gen'
import { changeOf, consequence, settingsOf, wrongMachine } from './change'

const app: App = {
  metadata: { name: 'app' },
  spec: {
    running: true,
    containerEngine: { provider: 'lima', name: 'moby' },
    vm: { cpus: 4, memory: '4Gi', mounts: [{ path: '/home/ann' }, { path: '/srv', writable: true }] },
  },
}

describe('the settings of a machine', () => {
  it('come from the App and go back to it unchanged', () => {
    const now = settingsOf(app)
    expect(now.machine).toEqual({ cpus: '4', memory: '4Gi', disk: '', mounts: '/home/ann\n/srv (write)' })
    expect(changeOf(now, settingsOf(app))).toBeUndefined()
  })

  it('change only what was changed, and say that it restarts', () => {
    const now = settingsOf(app)
    const form = { ...now, machine: { ...now.machine, cpus: '', mounts: '/home/ann (write)\n' } }
    expect(changeOf(now, form)).toEqual({ vm: { cpus: 0, mounts: [{ path: '/home/ann', writable: true }] } })
    expect(consequence(now, form, true)).toBe('restarts')
    expect(consequence(now, form, false)).toBe('later')
  })

  it('are left alone where the engine has no machine', () => {
    const now = settingsOf(app)
    expect(changeOf(now, { ...now, provider: 'native', machine: { ...now.machine, cpus: '8' } })).toEqual({
      containerEngine: { provider: 'native' },
    })
  })

  it.each([
    [{}, []],
    [{ cpus: '0', memory: '2.5Gi', disk: '64G', mounts: 'C:\\Users' }, []],
    [{ cpus: 'many' }, ['cpus']],
    [{ memory: '4 GB', disk: 'big' }, ['memory', 'disk']],
    [{ mounts: 'home' }, ['mounts']],
    [{ mounts: '/a\n/a (write)' }, ['mounts']],
  ])('%j is wrong in %j', (some, fields) => {
    expect(wrongMachine({ cpus: '', memory: '', disk: '', mounts: '', ...some })).toEqual(fields)
  })
})
