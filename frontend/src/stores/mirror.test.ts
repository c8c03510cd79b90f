import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../api/kinds'
import { emptyMirror, initialEventsEnd, parseEvent, reduce, restarted, type WatchEvent } from './mirror'

const object = (name: string, resourceVersion: string): KubeObject => ({ metadata: { name, resourceVersion } })
const added = (name: string, version: string): WatchEvent<KubeObject> => ({
  type: 'ADDED',
  object: object(name, version),
})
const end = (version: string): WatchEvent<KubeObject> => ({
  type: 'BOOKMARK',
  object: { metadata: { name: '', resourceVersion: version, annotations: { [initialEventsEnd]: 'true' } } },
})
const names = (items: ReadonlyMap<string, unknown>): string[] => [...items.keys()].sort()

describe('reduce', () => {
  it('shows nothing before the list is whole', () => {
    const mirror = reduce(emptyMirror<KubeObject>(), [added('a', '7')])
    expect(mirror).toMatchObject({ synced: false, resourceVersion: '' })
    expect(mirror.items.size).toBe(0)
  })

  it('is synced once the initial events end, even with none', () => {
    const mirror = reduce(emptyMirror<KubeObject>(), [end('9')])
    expect(mirror).toMatchObject({ synced: true, resourceVersion: '9' })
    expect(mirror.items.size).toBe(0)
  })

  it('follows what changes', () => {
    let mirror = reduce(emptyMirror<KubeObject>(), [added('a', '7'), added('b', '3'), end('9'), added('c', '10')])
    expect(names(mirror.items)).toEqual(['a', 'b', 'c'])
    mirror = reduce(mirror, [
      { type: 'MODIFIED', object: object('a', '11') },
      { type: 'DELETED', object: object('b', '12') },
    ])
    expect(names(mirror.items)).toEqual(['a', 'c'])
    expect(mirror.items.get('a')?.metadata?.resourceVersion).toBe('11')
    expect(mirror.resourceVersion).toBe('12')
  })

  it('keeps what was known until the new list is whole, then drops what it lacks', () => {
    let mirror = restarted(reduce(emptyMirror<KubeObject>(), [added('a', '1'), added('gone', '2'), end('3')]))
    mirror = reduce(mirror, [added('a', '20')])
    expect(names(mirror.items)).toEqual(['a', 'gone'])
    expect(mirror).toMatchObject({ synced: true, resourceVersion: '' })
    mirror = reduce(mirror, [added('b', '21'), end('22')])
    expect(names(mirror.items)).toEqual(['a', 'b'])
  })

  it('takes the version of a bookmark and nothing else of it', () => {
    let mirror = reduce(emptyMirror<KubeObject>(), [added('a', '1'), end('3')])
    mirror = reduce(mirror, [{ type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: '40' } } }])
    expect(names(mirror.items)).toEqual(['a'])
    expect(mirror.resourceVersion).toBe('40')
  })

  it('leaves the mirror that went in as it was', () => {
    const before = reduce(emptyMirror<KubeObject>(), [added('a', '1'), end('3')])
    reduce(before, [{ type: 'DELETED', object: object('a', '4') }])
    expect(names(before.items)).toEqual(['a'])
  })
})

describe('parseEvent', () => {
  it.each([
    ['half a line', '{"type":"ADDED","obj'],
    ['no object', '{"type":"ADDED"}'],
    ['another type', '{"type":"RENAMED","object":{}}'],
    ['no event', '42'],
  ])('skips %s', (_, line) => {
    expect(parseEvent(line)).toBeUndefined()
  })

  it('reads why a watch is refused', () => {
    const line = '{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old resource version"}}'
    expect(parseEvent(line)).toEqual({ type: 'ERROR', code: 410, message: 'too old resource version' })
  })
})
