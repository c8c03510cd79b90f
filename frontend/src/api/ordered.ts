/** What the window's pipe says of one stream: batches with their numbers from 0, and an end that counts them. */
export interface Ordered {
  batch(lines: unknown, number: unknown): void
  end(reason: unknown, status: unknown, count: unknown): void
}

/** Hands on what the pipe says in the order in which it was sent: events of Wails may overtake one another. */
export function inOrder(deliver: (lines: string[]) => void, over: (reason: string, status: number) => void): Ordered {
  const early = new Map<number, string[]>()
  let next = 0
  let last: { count: number; settle: () => void } | undefined
  const settle = (): void => {
    for (let lines = early.get(next); lines; lines = early.get(next)) {
      early.delete(next++)
      deliver(lines)
    }
    if (last && next >= last.count) last.settle()
  }
  return {
    batch(lines, number) {
      early.set(typeof number === 'number' ? number : next, isLines(lines) ? lines : [])
      settle()
    },
    end(reason, status, count) {
      last = {
        count: typeof count === 'number' ? count : next,
        settle: () => {
          over(typeof reason === 'string' ? reason : String(reason), typeof status === 'number' ? status : 0)
        },
      }
      settle()
    },
  }
}

function isLines(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((line) => typeof line === 'string')
}
