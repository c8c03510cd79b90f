import { describe, expect, it } from 'vitest'
import { inOrder, type Ordered } from './ordered'

describe('inOrder', () => {
  const batch = (n: number) => (o: Ordered) => {
    o.batch([`line ${String(n)}`], n)
  }
  const end = (count: number) => (o: Ordered) => {
    o.end('', 0, count)
  }
  it.each<[string, ((o: Ordered) => void)[], string[]]>([
    ['hands on what comes in order', [batch(0), batch(1), end(2)], ['line 0', 'line 1', 'over']],
    ['puts back what was overtaken', [batch(1), batch(2), batch(0), end(3)], ['line 0', 'line 1', 'line 2', 'over']],
    ['ends after what the end has overtaken', [batch(0), end(2), batch(1)], ['line 0', 'line 1', 'over']],
    ['ends at once where nothing was said', [end(0)], ['over']],
    ['waits for what is missing', [end(2), batch(1)], []],
  ])('%s', (_, events, want) => {
    const heard: string[] = []
    const ordered = inOrder(
      (lines) => heard.push(...lines),
      () => heard.push('over'),
    )
    for (const event of events) event(ordered)
    expect(heard).toEqual(want)
  })
})
