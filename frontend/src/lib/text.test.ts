import { describe, expect, it } from 'vitest'
import { matches, words } from './filter'
import { byName, listed, shortID, visible } from './text'

describe('visible', () => {
  it.each([
    ['plain text', 'web-1', 'web-1'],
    ['markup stays text', '<b>"x"&amp;', '<b>"x"&amp;'],
    ['other scripts and emoji stay', 'שלום 你好 👩‍👩‍👧 é', 'שלום 你好 👩‍👩‍👧 é'],
    ['escape sequences', '\u001b[31mred\u0007', '␛[31mred␇'],
    ['line breaks', 'a\nb\r\u2028c', 'a␊b␍⟨U+2028⟩c'],
    ['reversed text', 'safe\u202eexe.txt', 'safe⟨U+202E⟩exe.txt'],
    ['isolates', '\u2066x\u2069', '⟨U+2066⟩x⟨U+2069⟩'],
    ['no width', 'web\u200b-1\ufeff', 'web⟨U+200B⟩-1⟨U+FEFF⟩'],
    ['C1 controls', '\u0085\u009b', '⟨U+0085⟩⟨U+009B⟩'],
    ['delete', '\u007f', '␡'],
    ['hidden tags', 'x\u{e0041}', 'x⟨U+E0041⟩'],
  ])('%s', (_, text, want) => {
    expect(visible(text)).toBe(want)
  })

  it('has an end', () => {
    expect(visible('x'.repeat(100_000)).length).toBeLessThan(500)
  })
})

describe('order', () => {
  it('puts web-2 before web-10', () => {
    expect(['web-10', 'Web-2', 'api'].sort(byName)).toEqual(['api', 'Web-2', 'web-10'])
  })

  it('is total: names that read alike keep one order', () => {
    expect(['a', 'A'].sort(byName)).toEqual(['A', 'a'].sort(byName))
  })
})

describe('listed', () => {
  it.each([
    [[], ''],
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
    [['a', 'b', 'c', 'd', 'e'], 'a, b and 3 more'],
  ])('%j', (items, want) => {
    expect(listed(items)).toBe(want)
  })
})

describe('filter', () => {
  it.each([
    ['', true],
    ['  ', true],
    ['NGINX', true],
    ['web 8080', true],
    ['web 9090', false],
  ])('%j', (query, want) => {
    expect(matches(words(query), ['web-1', 'nginx:1', undefined, '8080'])).toBe(want)
  })
})

describe('shortID', () => {
  it('drops the algorithm', () => {
    expect(shortID(`sha256:${'ab'.repeat(32)}`)).toBe('abababababab')
  })
})
