import { describe, expect, it } from 'vitest'
import type { Container, ContainerStatus } from '../api/containers.gen'
import { happenings } from './activity.svelte'
import { readStored, writeStored } from './stored'

const one = (status: ContainerStatus): Container => ({ metadata: { name: 'a' }, status })
const done = { action: 'stop', observedAt: '1' }

describe('happenings', () => {
  it.each<[string, Container | undefined, Container | undefined, string[]]>([
    ['came', undefined, one({}), ['created ']],
    ['went', one({}), undefined, ['removed ']],
    ['started', one({ status: 'created' }), one({ status: 'running' }), ['started ']],
    ['resumed', one({ status: 'paused' }), one({ status: 'running' }), ['resumed ']],
    ['ended', one({ status: 'running' }), one({ status: 'exited', exitCode: 3 }), ['stopped 3']],
    ['out of memory', one({ status: 'running' }), one({ status: 'exited', oomKilled: true }), ['stopped oom']],
    ['its check fails', one({ health: 'healthy' }), one({ health: 'unhealthy' }), ['unhealthy ']],
    ['only labels', one({}), one({ labels: { a: 'b' } }), []],
    [
      'an action was carried out',
      one({ status: 'running', lastAction: { ...done, state: 'pending' } }),
      one({ status: 'exited', lastAction: { ...done, state: 'succeeded', completedAt: '2' } }),
      ['action stop', 'stopped 0'],
    ],
  ])('%s', (_, before, after, want) => {
    expect(happenings(before, after).map((found) => `${found.what} ${found.detail}`)).toEqual(want)
  })
})

describe('what is stored', () => {
  const memory = (): Storage => {
    const items = new Map<string, string>()
    return {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
    } as Storage
  }
  it('is found in its own version only, and what is broken is as nothing', () => {
    const storage = memory()
    writeStored('k', 1, { a: 1 }, storage)
    expect(readStored('k', 1, storage)).toEqual({ a: 1 })
    expect(readStored('k', 2, storage)).toBeUndefined()
    storage.setItem('k', '{broken')
    expect(readStored('k', 1, storage)).toBeUndefined()
    storage.setItem('k', '"text"')
    expect(readStored('k', 1, storage)).toBeUndefined()
  })
})
