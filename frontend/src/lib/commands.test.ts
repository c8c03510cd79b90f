import { describe, expect, it } from 'vitest'
import type { Container } from '../api/containers.gen'
import { buttonCommands, commands, type Buttons, type Means } from './commands'

const container = (name: string, status: string): Container => ({
  metadata: { name: `id-${name}` },
  status: { name, id: `id-${name}`, status },
})

function recorder(): { said: string[]; buttons: Buttons; means: Means } {
  const said: string[] = []
  const say =
    (word: string) =>
    (...rest: unknown[]): void => {
      said.push([word, ...rest.map((one) => JSON.stringify(one))].join(' '))
    }
  return {
    said,
    buttons: {
      unused: { images: ['a', 'b'], volumes: [], networks: ['n'] },
      add: say('add'),
      select: say('select'),
      group: say('group'),
      check: say('check'),
      keys: say('keys'),
    },
    means: {
      containers: [container('web', 'running'), container('db', 'exited')],
      chosen: [],
      blocked: '',
      go: say('go'),
      act: say('act'),
    },
  }
}

describe('the buttons of the pages, in the palette', () => {
  it('are all there, and do what they do on their page', () => {
    const { said, buttons } = recorder()
    const all = buttonCommands(buttons, '')
    expect(all.map((one) => one.label)).toEqual([
      'Pull an image…',
      'Create a volume…',
      'Create a network…',
      'Select unused images (2)',
      'Select unused networks (1)',
      'Group by project',
      'Check again',
      'Shortcuts',
    ])
    for (const one of all) one.run()
    expect(said).toEqual([
      'add "images"',
      'add "volumes"',
      'add "networks"',
      'select "images" ["a","b"]',
      'select "networks" ["n"]',
      'group',
      'check',
      'keys',
    ])
  })

  it('rest, and say why, where the engine is needed and can’t be asked', () => {
    const why = 'The engine is stopped.'
    const resting = buttonCommands(recorder().buttons, why).filter((one) => one.blocked === why)
    expect(resting.map((one) => one.id)).toEqual(['add images', 'add volumes', 'add networks'])
  })
})

describe('commands', () => {
  it.each([
    ['pull', ['Pull an image…']],
    ['create', ['Create a volume…', 'Create a network…']],
    ['unused net', ['Select unused networks (1)']],
    ['stop web', ['Stop web']],
    ['logs web', ['Logs of web']],
    ['xyzzy', []],
  ])('finds what “%s” means', (query, labels) => {
    const { buttons, means } = recorder()
    expect(commands(query, buttonCommands(buttons, ''), means).map((one) => one.label)).toEqual(labels)
  })

  it('tells each once, those on what is chosen first', () => {
    const { buttons, means } = recorder()
    const chosen = means.containers.filter((one) => one.status?.name === 'web')
    const found = commands('web', buttonCommands(buttons, ''), { ...means, chosen }).map((one) => one.id)
    expect(found[0]).toBe('stop id-web')
    expect(new Set(found).size).toBe(found.length)
  })
})
