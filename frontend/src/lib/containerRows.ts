import type { Container } from '../api/containers.gen'
import { projectKey } from './project'
import { byName } from './text'
import { comparing, type Sort, type Usage } from './sort'

export interface RowBase {
  key: string
  height: number
  level: 1 | 2
  expanded?: boolean
  posInSet: number
  setSize: number
  gone?: boolean
}
export type GroupRow = RowBase & { project: string; group: Container[]; members: string[] }
export type ContainerRow = RowBase & { container: Container }
export type Row = GroupRow | ContainerRow

interface Options {
  sort: Sort | undefined
  grouped: boolean
  /** The rows beneath this project are shown. */
  expanded: (project: string) => boolean
  usage: (id: string) => Usage | undefined
}

/** Lays containers out as rows, beneath their compose projects if so wanted. Those of no project come last. */
export function containerRows(containers: readonly Container[], options: Options): Row[] {
  const compare = comparing(options.sort ?? { column: 'name', descending: false }, options.usage)
  const sorted = [...containers].sort(compare)
  if (!options.grouped) return sorted.map((c, i) => row(c, 1, i + 1, sorted.length))
  const groups = new Map<string, Container[]>()
  for (const container of sorted) {
    const project = container.status?.composeProject ?? ''
    const group = groups.get(project)
    if (group) group.push(container)
    else groups.set(project, [container])
  }
  const alone = groups.get('') ?? []
  groups.delete('')
  // Sorted by name or not at all, projects come by theirs; by anything else, with the first of their containers.
  const byProject = options.sort === undefined || options.sort.column === 'name'
  const sign = byProject && options.sort?.descending === true ? -1 : 1
  const projects = [...groups].sort(byProject ? ([a], [b]) => sign * byName(a, b) : undefined)
  if (!byProject) projects.sort(([, [a]], [, [b]]) => (a && b ? compare(a, b) : 0))
  const setSize = projects.length + alone.length
  const top = projects.flatMap(([project, group], i): Row[] => {
    const expanded = options.expanded(project)
    const head: GroupRow = {
      key: projectKey(project),
      height: 42,
      level: 1,
      expanded,
      posInSet: i + 1,
      setSize,
      project,
      group,
      members: group.map((c) => c.metadata?.name ?? ''),
    }
    return expanded ? [head, ...group.map((c, n) => row(c, 2, n + 1, group.length))] : [head]
  })
  return [...top, ...alone.map((c, i) => row(c, 1, projects.length + i + 1, setSize))]
}

function row(container: Container, level: 1 | 2, posInSet: number, setSize: number): ContainerRow {
  return { key: container.metadata?.name ?? '', height: 52, level, posInSet, setSize, container }
}
