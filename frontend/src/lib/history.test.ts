import { describe, expect, it } from 'vitest'
import { drawn, momentOf, summaryOf, withMoment, type Counted, type Moment } from './history'

const sample = (second: number, more: Partial<Counted> = {}): Counted => ({
  time: new Date(second * 1000).toISOString(),
  cpuPercent: 10,
  memoryUsed: 100,
  networkRx: 0,
  networkTx: 0,
  blockRead: 0,
  blockWrite: 0,
  pids: 1,
  ...more,
})

describe('momentOf', () => {
  it('makes rates of counts', () => {
    const now = momentOf(sample(12, { networkRx: 3000, blockWrite: 50 }), sample(10, { networkRx: 1000 }))
    expect(now).toMatchObject({ at: 12, received: 1000, sent: 0, written: 25 })
  })
  it.each([
    ['the first', undefined],
    ['after a hole', sample(1)],
    ['after a new start, when counts begin anew', sample(11, { networkRx: 9000 })],
  ])('knows no rate of %s', (_, before) => {
    expect(momentOf(sample(12, { networkRx: 3000 }), before).received).toBeUndefined()
  })
})

describe('what is kept', () => {
  const moments = (...seconds: number[]): readonly Moment[] =>
    seconds.reduce<readonly Moment[]>((all, second) => withMoment(all, momentOf(sample(second), undefined)), [])
  it('is ten minutes, in order, each moment once', () => {
    expect(moments(0, 1, 1, 300, 601, 5).map(({ at }) => at)).toEqual([1, 300, 601])
  })
  it('has a hole where nobody looked', () => {
    expect(drawn(moments(1, 2, 60), ['memory'])).toEqual([
      [1, 2, 3, 60],
      [100, 100, null, 100],
    ])
  })
  it('is summed up', () => {
    const all = [10, 30, 20].map((cpuPercent, i) => momentOf(sample(i, { cpuPercent }), undefined))
    expect(summaryOf(all, 'cpu')).toEqual({ now: 20, average: 20, highest: 30 })
    expect(summaryOf(all, 'sent')).toEqual({ now: undefined, average: undefined, highest: undefined })
  })
})
