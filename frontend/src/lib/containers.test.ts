import { describe, expect, it } from 'vitest'
import { AnnotationAction, type Container, type ContainerStatus, type Image, type Volume } from '../api/containers.gen'
import { containerRows } from './containerRows'
import { anonymousVolumes, lookOf, nameOf, pendingOf, rollup, switchOf, troubleOf } from './containers'
import { byImage, splitTag } from './images'
import { killContainers, removeContainers, removeImages, removeVolumes } from './questions'

const container = (
  name: string,
  status: ContainerStatus = {},
  metadata: Partial<Container['metadata']> = {},
): Container => ({
  metadata: { name: `id-${name}`, ...metadata },
  status: { name, id: `id-${name}`, ...status },
})

describe('lookOf and switchOf', () => {
  it.each<[ContainerStatus, string, string]>([
    [{ status: 'running' }, 'running', 'stop'],
    [{ status: 'running', health: 'healthy' }, 'running', 'stop'],
    [{ status: 'running', health: 'starting' }, 'starting', 'stop'],
    [{ status: 'running', health: 'unhealthy' }, 'unhealthy', 'stop'],
    [{ status: 'paused' }, 'paused', 'unpause'],
    [{ status: 'restarting' }, 'restarting', 'stop'],
    [{ status: 'created' }, 'created', 'start'],
    [{ status: 'exited' }, 'exited', 'start'],
    [{ status: 'exited', exitCode: 143 }, 'exited', 'start'],
    [{ status: 'exited', exitCode: 1 }, 'failed', 'start'],
    [{ status: 'exited', exitCode: 137, oomKilled: true }, 'failed', 'start'],
    [{ status: 'dead' }, 'failed', 'start'],
    [{ status: 'unknown' }, 'unknown', 'start'],
    [{ status: 'teleporting' }, 'unknown', 'start'],
    [{}, 'unknown', 'start'],
  ])('%j', (status, look, turn) => {
    expect([lookOf(container('a', status)), switchOf(container('a', status))]).toEqual([look, turn])
  })
})

describe('pendingOf', () => {
  const at = '2026-11-22T14:00:00Z'
  it.each<[string, Container, string | undefined]>([
    ['nothing', container('a'), undefined],
    ['an action that was asked for', container('a', {}, { annotations: { [AnnotationAction]: 'stop' } }), 'stop'],
    [
      'an action that is done',
      container('a', { lastAction: { action: 'stop', state: 'succeeded', observedAt: at } }),
      undefined,
    ],
    [
      'an action that is being done',
      container('a', { lastAction: { action: 'stop', state: 'pending', observedAt: at } }),
      'stop',
    ],
    [
      'a delete before all',
      container('a', {}, { deletionTimestamp: at, annotations: { [AnnotationAction]: 'stop' } }),
      'delete',
    ],
  ])('%s', (_, given, want) => {
    expect(pendingOf(given)).toBe(want)
  })
})

describe('troubleOf', () => {
  it('tells one failure from the next', () => {
    const failed = (completedAt: string): Container =>
      container('a', {
        lastAction: { action: 'start', state: 'failed', error: 'port\u202e taken', observedAt: '', completedAt },
      })
    expect(troubleOf(failed('1'))?.text).toBe('port⟨U+202E⟩ taken')
    expect(troubleOf(failed('1'))?.id).not.toBe(troubleOf(failed('2'))?.id)
  })
})

describe('nameOf', () => {
  it('falls back to the short ID', () => {
    expect(nameOf({ metadata: { name: 'x' }, status: { id: 'abcdef0123456789' } })).toBe('abcdef012345')
  })
})

describe('containerRows', () => {
  const all = [
    container('solo'),
    container('web-10', { composeProject: 'shop', image: 'b' }),
    container('web-2', { composeProject: 'shop', image: 'c' }),
    container('db', { composeProject: 'blog', image: 'd' }),
    container('Alone', { image: 'a' }),
  ]
  const told = (containers: Container[], more: Partial<Parameters<typeof containerRows>[1]> = {}): string[] =>
    containerRows(containers, {
      sort: undefined,
      grouped: true,
      expanded: () => true,
      usage: () => undefined,
      ...more,
    }).map((row) => ('project' in row ? `${row.project}:` : nameOf(row.container)))

  it('orders projects, then their containers, and what is in none last, whatever the order given', () => {
    const want = ['blog:', 'db', 'shop:', 'web-2', 'web-10', 'Alone', 'solo']
    expect(told(all)).toEqual(want)
    expect(told([...all].reverse())).toEqual(want)
  })
  it('sorts groups with the first of their containers, and what has no value last', () => {
    const by = (descending: boolean): string[] => told(all, { sort: { column: 'image', descending } })
    expect(by(false)).toEqual(['shop:', 'web-10', 'web-2', 'blog:', 'db', 'Alone', 'solo'])
    expect(by(true)).toEqual(['blog:', 'db', 'shop:', 'web-2', 'web-10', 'Alone', 'solo'])
  })
  it('hides what is beneath a closed group, and knows no groups when flat', () => {
    expect(told(all, { expanded: (project) => project !== 'shop' })).toEqual(['blog:', 'db', 'shop:', 'Alone', 'solo'])
    expect(told(all, { grouped: false })).toEqual(['Alone', 'db', 'solo', 'web-2', 'web-10'])
  })
})

describe('rollup', () => {
  it.each<[string, ContainerStatus[], string]>([
    ['what needs attention first', [{ status: 'running' }, { status: 'exited', exitCode: 1 }], 'failed'],
    ['running', [{ status: 'running' }, { status: 'exited' }], 'running'],
    ['nothing runs', [{ status: 'exited' }], 'exited'],
  ])('%s', (_, members, want) => {
    expect(rollup(members.map((status) => container('a', status)))).toBe(want)
  })
})

describe('images', () => {
  it.each([
    ['busybox:latest', 'busybox', 'latest'],
    ['host:5000/team/app', 'host:5000/team/app', ''],
    ['host:5000/team/app:1', 'host:5000/team/app', '1'],
    ['abcdef', 'abcdef', ''],
  ])('%s', (reference, repository, tag) => {
    expect(splitTag(reference)).toEqual({ repository, tag })
  })

  it('come by name, and those without one last and youngest first', () => {
    const image = (name: string, repoTag: string, createdAt = ''): Image => ({
      metadata: { name },
      status: { repoTag, createdAt },
    })
    const sorted = [image('old', '', '2025'), image('b', 'b:1'), image('young', '', '2026'), image('a', 'a:1')].sort(
      byImage,
    )
    expect(sorted.map((i) => i.metadata?.name)).toEqual(['a', 'b', 'young', 'old'])
  })
})

describe('questions', () => {
  const hash = 'ab'.repeat(32)
  it('name the containers, what runs and what else goes', () => {
    const mounts = [
      { destination: '/a', type: 'volume', name: hash },
      { destination: '/b', type: 'volume', name: 'named' },
    ]
    const all = [container('web', { status: 'running', mounts }), container('db', { status: 'exited' })]
    expect(anonymousVolumes(container('web', { mounts }))).toBe(1)
    const question = removeContainers(all)
    expect(question.names).toEqual(['web', 'db'])
    expect(question.warning).toBe('web is running and will be killed.')
    expect(question.consequences).toContain('1 anonymous volume will be deleted with its data.')
  })

  it.each<[string, string, string[], string[], string, string]>([
    ['one of two tags', 'a:1', ['a:1', 'a:2'], ['web'], 'Remove this tag?', ''],
    ['the last tag', 'a:1', ['a:1'], [], 'Delete this image?', ''],
    [
      'an image in use',
      'a:1',
      ['a:1'],
      ['web'],
      'Delete this image?',
      'In use by web. It will be deleted once nobody uses it.',
    ],
    ['an image without tags', '', [], [], 'Delete this image?', ''],
  ])('know %s', (_, repoTag, repoTags, inUseBy, title, warning) => {
    expect(removeImages([{ status: { id: 'sha256:1', repoTag, repoTags, inUseBy } }])).toMatchObject({ title, warning })
  })

  it('say that a volume’s data is lost, and want its name typed', () => {
    const volume: Volume = { status: { name: 'data', inUseBy: ['db'] } }
    expect(removeVolumes([volume])).toMatchObject({
      names: ['data'],
      warning: expect.stringContaining('db') as string,
      type: 'data',
    })
  })
  it('want more than a click for many, and not for a kill', () => {
    const five = ['a', 'b', 'c', 'd', 'e'].map((name) => container(name))
    expect(removeContainers(five).type).toBe('delete 5')
    expect(removeContainers(five.slice(1)).type).toBe('')
    expect(killContainers(five).type).toBe('')
  })
  it('say which image nobody uses any more', () => {
    const [a, b] = [container('a', { image: 'web:1', imageID: 'i' }), container('b', { image: 'web:1', imageID: 'i' })]
    expect(removeContainers([a], [a, b]).consequences.join()).not.toContain('web:1')
    expect(removeContainers([a, b], [a, b]).consequences.join()).toContain('web:1')
  })
})
