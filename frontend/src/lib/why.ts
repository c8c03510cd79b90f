import type { Container } from '../api/containers.gen'
import { detail } from '../text/container'
import { visible } from './text'

/** Why a container is as it is, in words. */
export interface Why {
  /** What is so. */
  headline: string
  /** What it means, and what can be done. */
  lines: string[]
  bad: boolean
}

const text = detail.why

/** The signals that end programs, by the number that is added to 128 in an exit code. */
const signals: Record<number, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
}

/** Tells what is known; what is only likely is told as likely. */
export function whyOf(container: Container): Why {
  const status = container.status ?? {}
  const why = stateOf(container)
  const lines = [...why.lines]
  if (status.error) lines.push(text.engineSays(visible(status.error)))
  const health: Record<string, string> = text.health
  const checked = status.status === 'running' ? health[status.health ?? ''] : undefined
  if (checked) lines.push(checked)
  if ((status.restartCount ?? 0) > 0) lines.push(text.restarted(status.restartCount ?? 0))
  return { ...why, lines, bad: why.bad || status.health === 'unhealthy' }
}

function stateOf(container: Container): Why {
  const status = container.status ?? {}
  switch (status.status) {
    case 'running':
      return { headline: text.running, lines: [], bad: false }
    case 'paused':
      return { headline: text.paused, lines: [text.pausedMeans], bad: false }
    case 'created':
      return { headline: text.created, lines: [status.error ? text.neverRan : text.notStarted], bad: !!status.error }
    case 'restarting':
      return { ...ended(container), headline: text.restarting, bad: true }
    case 'removing':
      return { headline: text.removing, lines: [], bad: false }
    case 'exited':
    case 'dead':
      return ended(container)
    default:
      return { headline: text.unknown, lines: [], bad: false }
  }
}

function ended(container: Container): Why {
  const { exitCode = 0, oomKilled, lastAction, finishedAt } = container.status ?? {}
  if (oomKilled === true) return { headline: text.oom, lines: [text.oomMeans], bad: true }
  const ours = lastAction?.state === 'succeeded' && ['stop', 'kill', 'restart'].includes(lastAction.action)
  const recent = Math.abs(Date.parse(lastAction?.completedAt ?? '') - Date.parse(finishedAt ?? '')) < 15_000
  const byUs = ours && recent ? [text.byUs] : []
  const code = text.code(exitCode)
  if (exitCode === 0) return { headline: text.finished, lines: [...byUs, code], bad: false }
  const known: Record<number, string> = text.codes
  const meaning = known[exitCode]
  if (meaning) return { headline: text.failed, lines: [...byUs, meaning, code], bad: true }
  const signal = signals[exitCode - 128]
  if (!signal) return { headline: text.failed, lines: [...byUs, text.ownCode, code], bad: true }
  const means: Record<string, string> = text.signals
  const gentle = exitCode === 143 || (exitCode === 137 && byUs.length > 0) || exitCode === 130
  return {
    headline: text.signal(signal),
    lines: [...byUs, ...(byUs.length > 0 && exitCode === 137 ? [text.late] : [means[signal] ?? text.anySignal]), code],
    bad: !gentle,
  }
}
