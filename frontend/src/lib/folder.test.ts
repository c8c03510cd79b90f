import { describe, expect, it } from 'vitest'
import { beneath, ordered, parseFolder } from './folder'
import { byName } from './text'

describe('a folder', () => {
  it('is read, and what is no entry is left out', () => {
    const text = JSON.stringify({
      path: '/data',
      entries: [{ name: 'a', type: 'file', size: 1, mode: '', modified: '' }, 7],
      more: true,
    })
    expect(parseFolder(text)).toMatchObject({ path: '/data', entries: [{ name: 'a' }], more: true })
    expect(parseFolder('{}')).toBeUndefined()
    expect(parseFolder('null')).toBeUndefined()
  })

  it('has its folders first', () => {
    const entry = (name: string, type: 'file' | 'folder') => ({ name, type, size: 0, mode: '', modified: '' })
    const names = ordered([entry('b', 'file'), entry('z', 'folder'), entry('a', 'file')], byName).map(
      ({ name }) => name,
    )
    expect(names).toEqual(['z', 'a', 'b'])
  })

  it.each([
    ['/data', [], '/data'],
    ['/data/', ['a', 'b'], '/data/a/b'],
    ['/data', ['..', '..', 'etc'], '/data/etc'],
    ['/data', ['../../etc'], '/data'],
    ['/', [], '/'],
  ])('stays beneath %s', (root, steps, path) => {
    expect(beneath(root, steps)).toBe(path)
  })
})
