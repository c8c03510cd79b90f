import { expect, it } from 'vitest'
import type { Container } from '../api/containers.gen'
import { memberName, membersOf, projectKey, projectOf, projects } from './project'

const container = (name: string, composeProject?: string): Container => ({
  metadata: { name: `id-of-${name}` },
  spec: {},
  status: { name, ...(composeProject === undefined ? {} : { composeProject }) } as NonNullable<Container['status']>,
})

it('a project is known from a container by its key', () => {
  expect(projectOf(projectKey('shop'))).toBe('shop')
  expect(projectOf(projectKey('with / and %'))).toBe('with / and %')
  expect(projectOf('4f1c'.repeat(16))).toBeUndefined()
})

it('a project is the containers that bear its label', () => {
  const all = [
    container('shop-web-10', 'shop'),
    container('shop-web-2', 'shop'),
    container('other'),
    container('x', 'b'),
  ]
  expect(membersOf('shop', all).map(({ status }) => status?.name)).toEqual(['shop-web-2', 'shop-web-10'])
  expect(projects(all)).toEqual(['b', 'shop'])
})

it.each([
  ['shop-web-1', 'shop', 'web-1'],
  ['shop_web_1', 'shop', 'web_1'],
  ['webshop', 'web', 'webshop'],
  ['shop', 'shop', 'shop'],
  ['shop-', 'shop', 'shop-'],
  ['db', undefined, 'db'],
])('%s of %s is called %s', (name, project, want) => {
  expect(memberName(container(name, project))).toBe(want)
})
