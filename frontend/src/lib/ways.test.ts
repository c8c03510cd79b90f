import { describe, expect, it } from 'vitest'
import type { App } from '../api/app.gen'
import { isFresh, parseWays, sensibleWay, type Way } from './ways'

const way = (provider: string, available: boolean): Way => ({ provider, available })

describe('ways', () => {
  it.each<[string, Way[], string | undefined, string]>([
    ['the daemon’s own choice', [way('native', true), way('host', true)], 'host', 'host'],
    ['another where that is closed', [way('native', false), way('host', true)], 'native', 'host'],
    ['native before a machine', [way('lima', true), way('native', true)], undefined, 'native'],
    ['the daemon’s choice where all is closed', [way('native', false), way('host', false)], 'host', 'host'],
    ['the daemon’s choice where nothing is known', [], 'native', 'native'],
  ])('take %s', (_, ways, daemons, chosen) => {
    expect(sensibleWay(ways, daemons)).toBe(chosen)
  })

  it('leave out what they do not know', () => {
    expect(parseWays('[{"provider":"host","available":true},{"provider":"moon","available":true},7]')).toEqual([
      way('host', true),
    ])
    expect(parseWays('{}')).toEqual([])
  })

  it.each<[string, App, boolean]>([
    ['as the daemon made it', { metadata: { name: 'app', generation: 1 }, spec: { running: false } }, true],
    ['after a setting', { metadata: { name: 'app', generation: 2 }, spec: { running: false } }, false],
    ['with a start on its way', { metadata: { name: 'app', generation: 1 }, spec: { running: true } }, false],
    [
      'with a start behind it',
      { metadata: { name: 'app', generation: 1 }, status: { startup: { startedAt: '2026-11-22T14:02:11Z' } } },
      false,
    ],
  ])('%s, Berth is new: %s', (_, app, fresh) => {
    expect(isFresh(app)).toBe(fresh)
  })
})
