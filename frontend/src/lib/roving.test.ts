import { expect, it } from 'vitest'
import { nextIndex } from './roving'

it.each([
  ['ArrowDown', 0, 1],
  ['ArrowDown', 9, 9],
  ['ArrowUp', 0, 0],
  ['ArrowUp', 5, 4],
  ['PageDown', 2, 6],
  ['PageDown', 8, 9],
  ['PageUp', 2, 0],
  ['Home', 7, 0],
  ['End', 7, 9],
  ['x', 7, undefined],
])('%s from %d', (key, from, want) => {
  expect(nextIndex(key, from, 10, 4)).toBe(want)
})

it('leads nowhere in an empty list', () => {
  expect(nextIndex('ArrowDown', 0, 0, 4)).toBeUndefined()
})
