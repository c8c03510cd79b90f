import type { Container } from '../api/containers.gen'
import { byName } from './text'

// A compose project is no object of its own: it is the containers that bear its label.
const prefix = 'project '

/** What stands for a project where an object's name stands otherwise. No container has such a name: theirs are IDs. */
export function projectKey(project: string): string {
  return prefix + project
}

/** The project that a key stands for; undefined for the name of a container. */
export function projectOf(key: string): string | undefined {
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined
}

/** The containers of a project, by name. */
export function membersOf(project: string, containers: Iterable<Container>): Container[] {
  return [...containers]
    .filter((container) => container.status?.composeProject === project)
    .sort((a, b) => byName(a.status?.name ?? '', b.status?.name ?? ''))
}

/** Every project that has a container. */
export function projects(containers: Iterable<Container>): string[] {
  return [...new Set([...containers].map((container) => container.status?.composeProject ?? ''))]
    .filter((project) => project !== '')
    .sort(byName)
}

/** What tells a container from the others of its project: its name, without the project's before it. */
export function memberName({ status, metadata }: Container): string {
  const name = status?.name ?? metadata?.name ?? ''
  const project = status?.composeProject ?? ''
  const own = name.startsWith(project) ? name.slice(project.length) : ''
  return project !== '' && /^[-_]./.test(own) ? own.slice(1) : name
}
