/** One part of what was typed: a word that must be found, or a key with what it must be. */
export interface Term {
  /** Empty for a free word. */
  key: string
  /** In lower case. */
  value: string
  /** It must not be so. */
  not: boolean
}

/** What a list can be asked: keys with what makes them true, and the text in which free words are looked for. */
export interface Language<T> {
  keys: Readonly<Record<string, (thing: T, value: string) => boolean>>
  text: (thing: T) => readonly (string | undefined)[]
}

/**
 * Reads a query such as `is:running -image:nginx label:"a=b c" word`. What looks like a key and is none of `keys` is a word
 * like any other: "localhost:5000" is looked for as it stands.
 */
export function parse(query: string, keys: readonly string[]): Term[] {
  const terms: Term[] = []
  for (const [, minus, key, quoted, bare] of query.matchAll(/(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi)) {
    const name = key?.toLowerCase() ?? ''
    const value = (quoted ?? bare ?? '').toLowerCase()
    if (name !== '' && !keys.includes(name)) terms.push({ key: '', value: `${name}:${value}`, not: minus === '-' })
    else terms.push({ key: name, value, not: minus === '-' })
  }
  // A key that is still being typed, "is:", asks for nothing yet.
  return terms.filter((term) => term.value !== '' && !keys.some((key) => term.key === '' && term.value === `${key}:`))
}

/** Makes of a query what says whether a thing is wanted. */
export function compile<T>(query: string, language: Language<T>): (thing: T) => boolean {
  const terms = parse(query, Object.keys(language.keys))
  const free = terms.filter((term) => term.key === '')
  return (thing) => {
    for (const { key, value, not } of terms) {
      const test = language.keys[key]
      if (test && test(thing, value) === not) return false
    }
    if (free.length === 0) return true
    const text = language
      .text(thing)
      .filter((part) => part !== undefined)
      .join('\n')
      .toLowerCase()
    return free.every((term) => text.includes(term.value) !== term.not)
  }
}

/** Splits what was typed into words that must all be found. */
export function words(query: string): string[] {
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
}

/** Says whether every word is found in one of the texts. */
export function matches(wanted: readonly string[], texts: readonly (string | undefined)[]): boolean {
  if (wanted.length === 0) return true
  const haystack = texts
    .filter((text) => text !== undefined)
    .join('\n')
    .toLowerCase()
  return wanted.every((word) => haystack.includes(word))
}

/** A way to go on with a query. */
export interface Suggestion {
  /** What is added, such as "is:running". */
  label: string
  /** The query with it. */
  query: string
}

const mostSuggestions = 8

/** How the last word of a query could go on. `vocabulary` has the keys, and what each is known to be. */
export function suggest(query: string, vocabulary: Readonly<Record<string, readonly string[]>>): Suggestion[] {
  const last = /(?:^|\s)(-?)(\S*)$/.exec(query)
  if (!last) return []
  const [, minus = '', word = ''] = last
  const before = query.slice(0, query.length - minus.length - word.length)
  const colon = word.indexOf(':')
  const found: string[] = []
  if (colon < 0) {
    for (const key of Object.keys(vocabulary)) if (key.startsWith(word.toLowerCase())) found.push(`${key}:`)
  } else {
    const key = word.slice(0, colon).toLowerCase()
    const typed = word.slice(colon + 1).toLowerCase()
    for (const value of vocabulary[key] ?? []) {
      if (value.toLowerCase().includes(typed) && value.toLowerCase() !== typed) found.push(`${key}:${quoted(value)}`)
    }
  }
  return found.slice(0, mostSuggestions).map((label) => {
    const done = !label.endsWith(':')
    return { label: `${minus}${label}`, query: `${before}${minus}${label}${done ? ' ' : ''}` }
  })
}

function quoted(value: string): string {
  return /\s/.test(value) ? `"${value.replaceAll('"', '')}"` : value
}
