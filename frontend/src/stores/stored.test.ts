import { describe, expect, it } from 'vitest'
import { readStored, writeStored } from './stored'

describe('what is stored', () => {
  const memory = (): Storage => {
    const items = new Map<string, string>()
    return {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
    } as Storage
  }
  it('is found in its own version only, and what is broken is as nothing', () => {
    const storage = memory()
    writeStored('k', 1, { a: 1 }, storage)
    expect(readStored('k', 1, storage)).toEqual({ a: 1 })
    expect(readStored('k', 2, storage)).toBeUndefined()
    storage.setItem('k', '{broken')
    expect(readStored('k', 1, storage)).toBeUndefined()
    storage.setItem('k', '"text"')
    expect(readStored('k', 1, storage)).toBeUndefined()
  })
})
