import { describe, expect, it } from 'vitest'
import type { Container } from '../api/containers.gen'
import { offered, sensible, verbOfKey } from './actions'
import { containerLanguage, containerVocabulary } from './ask'
import { compile, suggest } from './filter'
import { hold, type Holdable } from './hold'
import { address, parseRoute } from './route'
import { chosen, ranged, toggled } from './select'

const web: Container = {
  metadata: { name: 'id-web' },
  status: {
    id: 'abc1',
    name: 'shop-web-1',
    image: 'nginx:1.27',
    status: 'running',
    composeProject: 'shop',
    labels: { tier: 'front', 'has space': 'a b' },
    ports: [{ name: '80/tcp', port: 80, protocol: 'tcp', bindings: [{ hostPort: 8080 }] }],
    networks: [{ name: 'shop_default' }],
    mounts: [{ destination: '/x', type: 'volume', name: 'assets' }],
  },
}

describe('the search', () => {
  it.each<[string, boolean]>([
    ['', true],
    ['web', true],
    ['WEB 8080', true],
    ['db', false],
    ['is:running', true],
    ['is:stopped', false],
    ['-is:stopped', true],
    ['image:nginx', true],
    ['image:nginx -web', false],
    ['port:80', true],
    ['port:8080', true],
    ['port:808', false],
    ['label:tier', true],
    ['label:tier=front', true],
    ['label:tier=fron', false],
    ['label:"has space=a b"', true],
    ['project:shop network:shop_default volume:assets id:abc', true],
    ['is:', true],
    ['nginx:1.27', true],
    ['is:compose is:oom', false],
  ])('%s', (query, want) => {
    expect(compile(query, containerLanguage)(web)).toBe(want)
  })

  it('suggests keys, then what they are known to be', () => {
    const vocabulary = containerVocabulary([web])
    const labels = (query: string): string[] => suggest(query, vocabulary).map((found) => found.label)
    expect(labels('i')).toEqual(['is:', 'image:', 'id:'].filter((key) => key.slice(0, -1) in vocabulary))
    expect(labels('is:run')).toEqual(['is:running'])
    expect(labels('web -is:pa')).toEqual(['-is:paused'])
    expect(labels('label:has')).toEqual(['label:"has space=a b"'])
    expect(suggest('web image:ng', vocabulary)[0]?.query).toBe('web image:nginx:1.27 ')
  })
})

describe('hold', () => {
  const rows = (text: string): Holdable[] =>
    [...text].map((key) => ({ key, level: key === key.toUpperCase() ? 1 : 2 }) as const)
  const told = (shown: string, next: string, pointed: string): string => {
    const held = hold(rows(shown), rows(next), shown.indexOf(pointed))
    return held.rows.map((row) => (row.gone ? `(${row.key})` : row.key)).join('') + `+${String(held.waiting)}`
  }
  it.each([
    ['nothing changed', 'ABC', 'ABC', 'B', 'ABC+0'],
    ['the order waits', 'ABC', 'CBA', 'B', 'ABC+0'],
    ['what went leaves its place empty', 'ABC', 'BC', 'C', '(A)BC+0'],
    ['new rows come in beneath', 'ABC', 'ABDC', 'B', 'ABDC+0'],
    ['new rows above wait', 'ABC', 'ADBC', 'C', 'ABC+1'],
    ['the first place is above all', 'ABC', 'DABC', 'A', 'ABC+1'],
    ['a new group does not cut another from its rows', 'AbcD', 'AbED', 'A', 'Ab(c)ED+0'],
  ])('%s', (_, shown, next, pointed, want) => {
    expect(told(shown, next, pointed)).toBe(want)
  })
})

describe('choosing rows', () => {
  const group = { key: 'g', members: ['a', 'b'] }
  it('takes a group whole, and lets it go whole', () => {
    expect(chosen(group, new Set(['a']))).toBe('some')
    const all = toggled(group, new Set(['a', 'z']))
    expect([...all].sort()).toEqual(['a', 'b', 'z'])
    expect([...toggled(group, all)]).toEqual(['z'])
  })
  it('takes the rows between two, whichever comes first, and keeps the others', () => {
    const rows = [{ key: 'a' }, { key: 'b' }, group, { key: 'c' }]
    expect([...ranged(rows, 3, 1, new Set(['z']))]).toEqual(['z', 'b', 'c'])
    expect([...ranged([{ key: 'a', gone: true }], 0, 0, new Set())]).toEqual([])
  })
})

describe('actions', () => {
  it.each([
    ['running', 'stop,restart,pause,kill,delete'],
    ['paused', 'stop,restart,unpause,kill,delete'],
    ['exited', 'start,restart,delete'],
    ['created', 'start,restart,delete'],
    ['removing', 'delete'],
  ])('of what is %s', (status, want) => {
    expect(offered([{ status: { status } }]).join()).toBe(want)
  })
  it('have single keys that fit the state', () => {
    const paused: Container = { status: { status: 'paused' } }
    expect(['s', 'p', 'r', 'K', 'Delete', 'x'].map((key) => verbOfKey(key, paused))).toEqual([
      'unpause',
      'unpause',
      'restart',
      'kill',
      'delete',
      undefined,
    ])
    expect(sensible('unpause', web)).toBe(false)
  })
})

describe('addresses', () => {
  it.each<[string, string, string, string]>([
    ['', 'containers', '', ''],
    ['#/images', 'images', '', ''],
    ['#/containers/abc/logs', 'containers', 'abc', 'logs'],
    ['#/nowhere/x', 'containers', '', ''],
    ['#/volumes/%E0%A4%A', 'volumes', '', ''],
  ])('%s', (hash, view, id, tab) => {
    expect(parseRoute(hash)).toEqual({ view, id, tab })
  })
  it('come back as they went', () => {
    expect(parseRoute(address('volumes', 'a/b#c', 'd'))).toEqual({ view: 'volumes', id: 'a/b#c', tab: 'd' })
  })
})
