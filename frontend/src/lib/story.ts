import type { Container } from '../api/containers.gen'
import { lookOf } from './containers'
import { age } from './quantity'
import { strings } from '../text/page'

/** How a container is, in half a line: "Running for 3 h · healthy", "Failed · out of memory · 12 min ago". */
export function storyOf(container: Container, now: number): string {
  const { status } = container
  const word = strings.looks[lookOf(container)]
  if (status?.status === 'running') {
    const known: Record<string, string> = strings.row.health
    return `${word} ${strings.row.upFor(age(status.startedAt, now))}${known[status.health ?? ''] ?? ''}`
  }
  if (!['exited', 'dead', 'removing'].includes(status?.status ?? '')) return word
  const why = status?.oomKilled === true ? strings.row.oom : strings.row.exitCode(status?.exitCode ?? 0)
  const ago = age(status?.finishedAt, now)
  return [word, why, ...(ago ? [strings.row.ago(ago)] : [])].join(' · ')
}
