import { describe, expect, it } from 'vitest'
import type { Container, ContainerStatus } from '../api/containers.gen'
import { LineSplitter } from '../api/lines'
import { environmentOf, withoutSecrets } from '../stores/inspected.svelte'
import { changeOf, consequence, goodHost } from './change'
import { laterThan, levelOf, LogBook, parseLine, patternOf, rangesOf, type Line } from './log'
import { marked, pieces, plain } from './sgr'
import { treeOf } from './tree'
import { whyOf } from './why'

const esc = '\u001b'
const line = (text: string, n = 0): Line => ({
  stream: 'stdout',
  time: `2026-11-22T14:00:00.${String(n).padStart(9, '0')}Z`,
  line: text,
})

describe('colours', () => {
  it.each<[string, string, string]>([
    ['none', 'plain', '|plain'],
    ['red and back', `${esc}[31mred${esc}[0m rest`, 'c1|red || rest'],
    ['bold bright', `${esc}[1;92mok`, 'c2 b|ok'],
    ['of 256', `${esc}[38;5;196mred`, 'c1|red'],
    ['of all', `${esc}[38;2;10;200;10mgreen${esc}[39mx`, 'c2|green ||x'],
    ['a link is shown, not made', `${esc}]8;;http://evil${esc}\\x`, '|␛]8;;http://evil␛\\x'],
    ['the screen is not cleared', `${esc}[2Jx`, '|␛[2Jx'],
    ['no direction is changed', 'a\u202eb', '|a⟨U+202E⟩b'],
  ])('%s', (_, text, want) => {
    const told = pieces(text).map((piece) => `${piece.class}|${piece.text}`)
    expect(told.join(' |').replaceAll(' ||', ' ||')).toBe(want)
    expect(
      pieces(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(plain(text))
  })

  it('are kept where a search marks its finds across them', () => {
    const all = marked(pieces(`ab${esc}[31mcd`), [[1, 3]])
    expect(all.map((piece) => `${piece.text}:${piece.class.trim()}`)).toEqual(['a:', 'b:marked', 'c:c1 marked', 'd:c1'])
  })
})

describe('levels', () => {
  it.each([
    ['{"level":"error","msg":"x"}', 'error'],
    ['time="x" level=warning msg="no error here"', 'warn'],
    ['[INFO] ready', 'info'],
    ['E1122 14:00:00 boom', 'error'],
    ['GET / 200', undefined],
    [`${'x'.repeat(300)} error`, undefined],
  ])('%s', (text, want) => {
    expect(levelOf(text)).toBe(want)
  })
})

describe('times', () => {
  it.each([
    ['2026-11-22T14:00:00.1Z', '2026-11-22T14:00:00.099999999Z', true],
    ['2026-11-22T14:00:00.100000001Z', '2026-11-22T14:00:00.1Z', true],
    ['2026-11-22T14:00:00Z', '2026-11-22T14:00:00Z', false],
  ])('%s is later than %s: %s', (a, b, want) => {
    expect(laterThan(a, b)).toBe(want)
  })
})

describe('patterns', () => {
  it('are text unless they are wanted as patterns', () => {
    expect(rangesOf(patternOf('a.c', false) ?? undefined, 'abc A.C')).toEqual([[4, 7]])
    expect(rangesOf(patternOf('a.c', true) ?? undefined, 'abc')).toEqual([[0, 3]])
    expect([patternOf('(', true), patternOf('x*', true), patternOf('', true)]).toEqual([null, null, undefined])
  })
})

describe('LogBook', () => {
  it('keeps no more than it is bounded to, and says by how much it moved up', () => {
    const book = new LogBook()
    let gone = 0
    for (let i = 0; i < 13; i++) {
      gone += book.add(Array.from({ length: 10_000 }, (_, n) => line(`line ${String(i * 10_000 + n)}`, n)))
    }
    expect(book.size).toBeLessThanOrEqual(55_000)
    expect(gone + book.rows).toBe(130_000)
    expect(book.shown.at(-1)?.line).toBe('line 129999')
    expect(book.start(book.at(777))).toBe(777)
  })
  it('is bounded in characters too', () => {
    const book = new LogBook()
    for (let i = 0; i < 100; i++) book.add([line('x'.repeat(256 * 1024))])
    expect(book.size).toBeLessThan(70)
  })
  it('shows what is wanted, wraps by its width, and finds round about', () => {
    const book = new LogBook()
    book.add([line('one error'), line('two'), line('x'.repeat(95)), line('error three')])
    book.wrap(10)
    expect(book.rows).toBe(1 + 1 + 10 + 2)
    expect([book.at(2), book.start(3)]).toEqual([2, 12])
    const pattern = /error/giu
    expect([
      book.find(pattern, -1, 1),
      book.find(pattern, 0, 1),
      book.find(pattern, 3, 1),
      book.find(pattern, 0, -1),
    ]).toEqual([0, 3, 0, 3])
    book.want({ pattern, only: true, levels: new Set() })
    expect(book.shown.map((shown) => shown.line)).toEqual(['one error', 'error three'])
    book.want({ pattern: undefined, only: false, levels: new Set(['error']) })
    expect(book.shown.length).toBe(2)
  })
  it('reads only what is a line', () => {
    expect([parseLine('{"line":"a","stream":"stdout","time":""}')?.line, parseLine('{}'), parseLine('no')]).toEqual([
      'a',
      undefined,
      undefined,
    ])
  })
})

describe('LineSplitter', () => {
  it('puts a line of many megabytes together once', () => {
    const splitter = new LineSplitter()
    const chunk = 'x'.repeat(32 * 1024)
    for (let i = 0; i < 320; i++) expect(splitter.push(chunk)).toEqual([])
    expect(splitter.push('\nb')[0]?.length).toBe(320 * 32 * 1024)
    expect(splitter.end()).toEqual(['b'])
  })
})

describe('why', () => {
  const why = (status: ContainerStatus): string => {
    const found = whyOf({ status } satisfies Container)
    return `${String(found.bad)}: ${[found.headline, ...found.lines].join(' ')}`
  }
  it.each<[ContainerStatus, RegExp]>([
    [{ status: 'exited' }, /^false: It finished in order\. Exit code 0/],
    [{ status: 'exited', exitCode: 1 }, /^true: It failed.*error/],
    [{ status: 'exited', exitCode: 127 }, /^true: .*not found/],
    [{ status: 'exited', exitCode: 42 }, /own.*Exit code 42/],
    [{ status: 'exited', exitCode: 137, oomKilled: true }, /^true: It ran out of memory/],
    [{ status: 'exited', exitCode: 137 }, /^true: .*SIGKILL.*killed it at once/],
    [{ status: 'exited', exitCode: 139 }, /^true: .*SIGSEGV/],
    [{ status: 'exited', exitCode: 143 }, /^false: .*SIGTERM/],
    [
      {
        status: 'exited',
        exitCode: 137,
        finishedAt: '2026-11-22T14:00:10Z',
        lastAction: { action: 'stop', state: 'succeeded', observedAt: '', completedAt: '2026-11-22T14:00:10.2Z' },
      },
      /^false: .*Berth was asked.*did not end in time/,
    ],
    [{ status: 'running', health: 'unhealthy', restartCount: 3 }, /^true: .*check fails.*3 times/],
    [{ status: 'created', error: 'port taken\u202e' }, /^true: .*could not.*port taken⟨U\+202E⟩/],
    [{ status: 'restarting', exitCode: 1 }, /^true: .*again and again/],
    [{}, /^false: The engine does not say/],
  ])('%j', (status, want) => {
    expect(why(status)).toMatch(want)
  })
})

describe('what the engine says', () => {
  const said = { Id: 'x', Config: { Env: ['A=1', 'SECRET=a=b', 'BARE'], Cmd: ['sh'] }, State: { Pid: 7 } }
  it('hides the values of the environment, and nothing else', () => {
    expect(environmentOf(said)).toEqual([
      { name: 'A', value: '1' },
      { name: 'SECRET', value: 'a=b' },
      { name: 'BARE', value: '' },
    ])
    expect(JSON.stringify(withoutSecrets(said, '*'))).toBe(
      '{"Id":"x","Config":{"Env":["A=*","SECRET=*","BARE=*"],"Cmd":["sh"]},"State":{"Pid":7}}',
    )
    expect(withoutSecrets(null, '*')).toBeNull()
  })
  it('is a tree that a search opens', () => {
    const told = (query: string, most = 100): string[] =>
      treeOf(said, () => false, query, most).nodes.map((node) => `${String(node.depth)}${node.key}=${node.value}`)
    expect(told('')).toEqual(['0Id=x', '0Config=', '0State='])
    expect(told('pid')).toEqual(['0State=', '1Pid=7'])
    expect(told('sh')).toEqual(['0Config=', '1Cmd=', '20=sh'])
    expect(treeOf(said, () => true, '', 3).left).toBe(7)
  })
})

describe('settings', () => {
  const from = { provider: 'native', name: 'moby', host: '', machine: { cpus: '', memory: '', disk: '', mounts: '' } }
  it('change only what is different, and say what it means', () => {
    expect(changeOf(from, { ...from })).toBeUndefined()
    expect(changeOf(from, { ...from, provider: 'host', host: ' default ' })).toEqual({
      containerEngine: { provider: 'host', host: 'default' },
    })
    expect(consequence(from, { ...from, provider: 'host' }, true)).toBe('restarts')
    expect(consequence({ ...from, provider: 'host' }, from, true)).toBe('attaches')
    expect(consequence(from, { ...from, provider: 'host' }, false)).toBe('later')
    expect(consequence(from, from, true)).toBe('none')
  })
  it.each([
    ['', true],
    ['default', true],
    ['unix:///var/run/docker.sock', true],
    ['ssh://me@host', true],
    ['ftp://x', false],
    ['two words', false],
    ['-flag', false],
  ])('host %s: %s', (host, want) => {
    expect(goodHost(host)).toBe(want)
  })
})

describe('logs that are read as one', () => {
  const at = (n: number, origin: number): Line => ({ ...line(`${String(origin)} at ${String(n)}`, n), origin })
  const told = (book: LogBook): string[] => book.shown.map((shown) => shown.line)

  it('stand in the order in which they were written, whichever came first', () => {
    const book = new LogBook()
    book.merge([at(10, 0), at(30, 0), at(50, 0)])
    book.merge([at(20, 1), at(40, 1)])
    book.merge([at(60, 1)])
    book.merge([at(5, 2)])
    expect(told(book)).toEqual(['2 at 5', '0 at 10', '1 at 20', '0 at 30', '1 at 40', '0 at 50', '1 at 60'])
    expect(book.rows).toBe(7)
    expect([0, 3, 6].map((row) => book.at(row))).toEqual([0, 3, 6])
  })

  it('show those that are wanted, also of what comes between', () => {
    const book = new LogBook()
    const all = { pattern: undefined, only: false, levels: new Set<never>() }
    book.want({ ...all, without: new Set([1]) })
    book.merge([at(10, 0), at(30, 0)])
    book.merge([at(20, 1), at(40, 1)])
    book.merge([at(25, 0)])
    expect(told(book)).toEqual(['0 at 10', '0 at 25', '0 at 30'])
    book.want(all)
    expect(told(book)).toEqual(['0 at 10', '1 at 20', '0 at 25', '0 at 30', '1 at 40'])
  })

  it('are counted in rows where they are wrapped', () => {
    const book = new LogBook()
    book.wrap(4)
    book.merge([at(10, 0), at(30, 0)])
    book.merge([at(20, 1)])
    expect([book.start(0), book.start(1), book.start(2), book.rows]).toEqual([0, 2, 4, 6])
  })
})
