import { describe, expect, it } from 'vitest'
import { crumbs, isText, joined, parentOf, savedName } from './paths'

describe('a path in a container', () => {
  it('has steps', () => {
    expect(crumbs('/')).toEqual([{ name: '', path: '/' }])
    expect(crumbs('/etc/ssl').map(({ path }) => path)).toEqual(['/', '/etc', '/etc/ssl'])
    expect([joined('/', 'etc'), joined('/etc', 'a b')]).toEqual(['/etc', '/etc/a b'])
    expect([parentOf('/'), parentOf('/etc'), parentOf('/etc/ssl')]).toEqual(['/', '/', '/etc'])
  })
  it.each([
    ['/', '.tar', 'root.tar'],
    ['/etc/hosts', '', 'hosts'],
    ['/x/.bashrc', '', '_bashrc'],
    ['/x/a\u202eb\n"c', '', 'a_b__c'],
  ])('%j is saved as a harmless name', (path, ending, want) => {
    expect(savedName(path, ending)).toBe(want)
  })
})

describe('isText', () => {
  it.each([
    ['plain\ttext\r\n', true],
    ['\u001b[31mred\u001b[0m', true],
    ['', true],
    ['\u007fELF\u0002\u0001\u0001\0\0', false],
    ['\ufffd'.repeat(10), false],
  ])('%j', (text, want) => {
    expect(isText(text)).toBe(want)
  })
})
