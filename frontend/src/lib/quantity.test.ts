import { describe, expect, it } from 'vitest'
import { age, elapsed, size } from './quantity'

describe('size', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [4_280_000, '4.28 MB'],
    [96_000_000, '96.0 MB'],
    [999_400_000, '999 MB'],
    [999_900_000, '1.00 GB'],
    [1_240_000_000, '1.24 GB'],
    [3e15, '3000 TB'],
  ])('%d', (bytes, want) => {
    expect(size(bytes)).toBe(want)
  })
})

describe('age', () => {
  const now = Date.parse('2026-11-22T14:00:00Z')
  it.each([
    [undefined, ''],
    ['nonsense', ''],
    ['2026-11-22T13:59:48Z', '12 s'],
    ['2026-11-22T13:55:00Z', '5 min'],
    ['2026-11-22T11:00:01Z', '2 h'],
    ['2026-11-13T14:00:00Z', '9 d'],
    ['2020-01-01T00:00:00Z', '6 y'],
    ['2026-11-22T14:00:05Z', '0 s'],
  ])('of %s', (since, want) => {
    expect(age(since, now)).toBe(want)
  })
})

describe('elapsed', () => {
  it.each([
    [-5, '0.0 s'],
    [440, '0.4 s'],
    [12_345, '12 s'],
    [125_000, '2 min 05 s'],
  ])('%d', (milliseconds, want) => {
    expect(elapsed(milliseconds)).toBe(want)
  })
})
