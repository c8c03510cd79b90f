import { describe, expect, test } from 'vitest'
import { ApiError } from '../api/error'
import type { Entry } from '../lib/folder'
import { sides } from '../text/sides'
import type { Berth } from './berth.svelte'
import { Browsings, Files } from './files.svelte'

interface Question {
  path: string
  query: URLSearchParams
  answer: (body: string) => void
  refuse: (error: ApiError) => void
}

/** A Berth of which only reading is asked; the test answers when it likes. */
function asked(): { berth: Berth; questions: Question[] } {
  const questions: Question[] = []
  const berth = {
    side: (_kind: string, name: string, side: string, query: Record<string, string>) =>
      `/${name}/${side}?${new URLSearchParams(query).toString()}`,
    read: (path: string) =>
      new Promise<string>((answer, refuse) => {
        questions.push({ path, query: new URLSearchParams(path.split('?')[1]), answer, refuse })
      }),
  }
  return { berth: berth as unknown as Berth, questions }
}

const folder = (...names: string[]): string =>
  JSON.stringify({ path: '/', entries: names.map((name) => ({ name, type: 'file', size: 1, mode: '-rw-r--r--' })) })

const entry = (name: string, type: Entry['type'], size = 3): Entry => ({ name, type, size }) as Entry

describe('Files', () => {
  test('an answer to what was asked before is late, and not shown', async () => {
    const { berth, questions } = asked()
    const files = new Files(berth, 'web')
    const first = files.go('/slow')
    const second = files.go('/quick')
    questions[1]?.answer(folder('b'))
    await second
    questions[0]?.answer(folder('a'))
    await first
    expect(files.path).toBe('/quick')
    expect(files.entries?.map(({ name }) => name)).toEqual(['b'])
    expect(files.reading).toBe('')
  })

  test('a late failure does not disturb what was read after it', async () => {
    const { berth, questions } = asked()
    const files = new Files(berth, 'web')
    const first = files.go('/gone')
    const second = files.go('/here')
    questions[1]?.answer(folder('b'))
    await second
    questions[0]?.refuse(new ApiError(404, 'no such folder'))
    await first
    expect(files.error).toBe('')
  })

  test('a folder that is missing leaves the one that is shown, and says so', async () => {
    const { berth, questions } = asked()
    const files = new Files(berth, 'web')
    const read = files.go('/etc')
    questions[0]?.answer(folder('hosts'))
    await read
    const missing = files.go('/etc/nothing')
    questions[1]?.refuse(new ApiError(404, 'no such folder'))
    await missing
    expect(files.path).toBe('/etc')
    expect(files.error).toBe(sides.files.missing('/etc/nothing'))
  })

  test('the way up stands on the folder that was left', async () => {
    const { berth, questions } = asked()
    const files = new Files(berth, 'web')
    const down = files.go('/var/log')
    questions[0]?.answer(folder('messages'))
    await down
    const up = files.up()
    expect(questions[1]?.query.get('path')).toBe('/var')
    questions[1]?.answer(folder('log', 'run'))
    await up
    expect(files.active).toBe('log')
  })

  test('there is nothing above the root', async () => {
    const { berth, questions } = asked()
    await new Files(berth, 'web').up()
    expect(questions).toEqual([])
  })

  test('a link that leads to a folder is opened as one', async () => {
    const { berth, questions } = asked()
    const files = new Files(berth, 'web')
    const opened = files.open(entry('bin', 'link'))
    questions[0]?.refuse(new ApiError(400, 'is a folder'))
    await expect.poll(() => questions.length).toBe(2)
    questions[1]?.answer(folder('sh'))
    await opened
    expect(files.path).toBe('/bin')
    expect(files.error).toBe('')
  })

  test('what is no text is not shown as text', async () => {
    const { berth, questions } = asked()
    const files = new Files(berth, 'web')
    const opened = files.open(entry('program', 'file', 4))
    questions[0]?.answer('\x7fELF\0\0\0\x01')
    await opened
    expect(files.viewed).toEqual({ path: '/program', size: 4, text: undefined })
  })

  test('text keeps its lines and tabs, and hides nothing', async () => {
    const { berth, questions } = asked()
    const files = new Files(berth, 'web')
    const opened = files.open(entry('notes', 'file'))
    questions[0]?.answer('a\tb\r\nc\u202ed')
    await opened
    expect(files.viewed?.text).toBe('a\tb\nc⟨U+202E⟩d')
  })

  test('a socket or a device is not opened', async () => {
    const { berth, questions } = asked()
    await new Files(berth, 'web').open(entry('null', 'other'))
    expect(questions).toEqual([])
  })
})

describe('Browsings', () => {
  test('who comes back finds where they were, in the twelve that were looked at last', () => {
    const { berth } = asked()
    const all = new Browsings()
    const first = all.of(berth, '0')
    for (let i = 1; i < 12; i++) all.of(berth, String(i))
    expect(all.of(berth, '0')).toBe(first)
    const second = all.of(berth, '1')
    for (let i = 20; i < 32; i++) all.of(berth, String(i))
    expect(all.of(berth, '1')).not.toBe(second)
  })
})
