import { describe, expect, test } from 'vitest'
import { Slots } from './slots'

const rows = (...keys: string[]): { key: string }[] => keys.map((key) => ({ key }))
const pool = ({ key }: { key: string }): string => (key.startsWith('g') ? 'group' : 'row')

function shown(slots: Slots<{ key: string }>, keys: string[], settled: boolean): string[] {
  return slots.arrange(rows(...keys), pool, settled).map(({ slot, item }) => `${item.key}@${slot}`)
}

describe('Slots', () => {
  test('a row that stays keeps its element, and one that comes takes that of one that left', () => {
    const slots = new Slots<{ key: string }>()
    expect(shown(slots, ['a', 'b', 'c'], true)).toEqual(['a@row 0', 'b@row 1', 'c@row 2'])
    expect(shown(slots, ['b', 'c', 'd'], false)).toEqual(['d@row 0', 'b@row 1', 'c@row 2'])
  })

  test('elements are put in order once the list is at rest', () => {
    const slots = new Slots<{ key: string }>()
    shown(slots, ['a', 'b', 'c'], true)
    shown(slots, ['b', 'c', 'd'], false)
    expect(shown(slots, ['b', 'c', 'd'], true)).toEqual(['b@row 1', 'c@row 2', 'd@row 0'])
    // Scrolling on moves no element: the order of the last rest stays.
    expect(shown(slots, ['c', 'd', 'e'], false)).toEqual(['e@row 1', 'c@row 2', 'd@row 0'])
  })

  test('a group never takes the element of a row', () => {
    const slots = new Slots<{ key: string }>()
    shown(slots, ['a', 'b'], true)
    expect(shown(slots, ['b', 'g'], true)).toEqual(['b@row 1', 'g@group 2'])
  })

  test('a row that became a group is built anew', () => {
    const slots = new Slots<{ key: string; group?: boolean }>()
    const kind = (row: { group?: boolean }): string => (row.group === true ? 'group' : 'row')
    slots.arrange([{ key: 'a' }], kind, true)
    expect(slots.arrange([{ key: 'a', group: true }], kind, true)[0]?.slot).toBe('group 1')
  })

  test('no two rows share an element, whatever comes and goes', () => {
    const slots = new Slots<{ key: string }>()
    for (let at = 0; at < 60; at += 7) {
      const keys = Array.from({ length: 5 + (at % 4) }, (_, i) => `k${String(at + i)}`)
      const found = slots.arrange(rows('k0', ...keys.filter((key) => key !== 'k0')), pool, at % 2 === 0)
      expect(new Set(found.map(({ slot }) => slot)).size).toBe(found.length)
      expect(found.find(({ item }) => item.key === 'k0')?.slot).toBe('row 0')
    }
  })
})
