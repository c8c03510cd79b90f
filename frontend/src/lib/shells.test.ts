import { describe, expect, it } from 'vitest'
import { commandsOf, execQuery, isMissing, mayBeMissing, shells } from './shells'

describe('commandsOf', () => {
  it('tries several where it may choose, and else the one that is wanted', () => {
    expect(commandsOf('auto').map((command) => command[0])).toEqual(['sh', 'bash', 'ash', 'busybox'])
    for (const shell of shells) if (shell !== 'auto') expect(commandsOf(shell)).toEqual([[shell]])
  })
})

describe('execQuery', () => {
  it('keeps each word of a command whole', () => {
    expect(new URLSearchParams(execQuery(['sh', '-c', 'a b&c'])).getAll('command')).toEqual(['sh', '-c', 'a b&c'])
  })
})

describe('a shell that is not there', () => {
  const docker =
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "bash": executable file not found in $PATH: unknown\r\n'
  it.each([
    [docker, true],
    ['OCI runtime exec failed: exec failed: exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown', true],
    ['crun: executable file `bash` not found in $PATH: No such file or directory', true],
    ['/ # ', false],
    ['bash: nosuch: command not found', false],
  ])('is known by %j', (said, want) => {
    expect(isMissing(said)).toBe(want)
    expect(mayBeMissing(said)).toBe(want)
  })
  it('is awaited while its message comes in pieces', () => {
    for (let end = 1; end < docker.length; end++) expect(mayBeMissing(docker.slice(0, end))).toBe(true)
    expect(mayBeMissing('bash-5.1$')).toBe(false)
  })
})
