/** A row that may be held in its place. */
export interface Holdable {
  key: string
  level: 1 | 2
  /** It is no more; its place is kept until the pointer is elsewhere. */
  gone?: boolean
}

export interface Held<R> {
  rows: R[]
  /** New rows that would push what is pointed at, and so are not shown yet. */
  waiting: number
}

/**
 * Lays out `next` so that nothing moves under the pointer: rows keep the order of `shown`, what went leaves its place empty,
 * and what is new comes in only beneath the row `pointed` at.
 */
export function hold<R extends Holdable>(shown: readonly R[], next: readonly R[], pointed: number): Held<R> {
  const byKey = new Map(next.map((row) => [row.key, row]))
  const rows: R[] = shown.map((row) => byKey.get(row.key) ?? { ...row, gone: true })
  const known = new Set(shown.map((row) => row.key))
  let waiting = 0
  next.forEach((row, i) => {
    if (known.has(row.key)) return
    const before = next[i - 1]
    let at = before ? rows.findIndex((other) => other.key === before.key) : -1
    if (at < pointed) {
      waiting++
      return
    }
    // A new row of the first level does not cut the one above it from its children.
    if (row.level === 1) while (rows[at + 1]?.level === 2) at++
    rows.splice(at + 1, 0, row)
  })
  return { rows, waiting }
}

/** Remembers what is shown, and holds it while something is pointed at. */
export class Holder<R extends Holdable> {
  #shown: readonly R[] = []
  #signature = ''

  /** `signature` tells what the user chose (sort, search, …): after a choice everything may move. */
  arrange(next: readonly R[], pointedKey: string | undefined, signature: string): Held<R> {
    const pointed = pointedKey === undefined ? -1 : this.#shown.findIndex((row) => row.key === pointedKey)
    const held: Held<R> =
      pointed < 0 || signature !== this.#signature ? { rows: [...next], waiting: 0 } : hold(this.#shown, next, pointed)
    this.#shown = held.rows
    this.#signature = signature
    return held
  }
}
