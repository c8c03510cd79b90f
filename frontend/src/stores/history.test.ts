import { describe, expect, test } from 'vitest'
import type { Berth } from './berth.svelte'
import { Histories } from './history.svelte'

/** A Berth of which nothing may be asked: nobody looks. */
const berth = {} as unknown as Berth

describe('Histories', () => {
  test('who comes back finds the history of the twelve that were looked at last', () => {
    const all = new Histories()
    const first = all.of(berth, '0')
    for (let i = 1; i < 12; i++) all.of(berth, String(i))
    expect(all.of(berth, '0')).toBe(first)
  })

  test('what was looked at longest ago is forgotten first', () => {
    const all = new Histories()
    const kept = all.of(berth, 'kept')
    const left = all.of(berth, 'left')
    for (let i = 0; i < 10; i++) all.of(berth, String(i))
    all.of(berth, 'kept')
    all.of(berth, 'one more')
    expect(all.of(berth, 'kept')).toBe(kept)
    expect(all.of(berth, 'left')).not.toBe(left)
  })
})
