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
