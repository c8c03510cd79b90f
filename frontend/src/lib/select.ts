/** What can be chosen of a list of rows: the row itself, or the rows beneath it. */
export interface Choosable {
  key: string
  /** The keys that choosing this row chooses; itself where there are none. */
  members?: readonly string[]
  gone?: boolean
}

function keysOf(row: Choosable): readonly string[] {
  if (row.gone === true) return []
  return row.members ?? [row.key]
}

/** All of it is chosen, some, or nothing. */
export function chosen(row: Choosable, selected: ReadonlySet<string>): 'all' | 'some' | 'none' {
  const keys = keysOf(row)
  const found = keys.filter((key) => selected.has(key)).length
  return found === 0 ? 'none' : found === keys.length ? 'all' : 'some'
}

/** The keys after one row was chosen or let go. */
export function toggled(row: Choosable, selected: ReadonlySet<string>): Set<string> {
  const next = new Set(selected)
  const all = chosen(row, selected) === 'all'
  for (const key of keysOf(row)) {
    if (all) next.delete(key)
    else next.add(key)
  }
  return next
}

/** The keys of all rows from one to another, whichever comes first, with what was chosen before. */
export function ranged(rows: readonly Choosable[], from: number, to: number, before: ReadonlySet<string>): Set<string> {
  const next = new Set(before)
  for (const row of rows.slice(Math.max(0, Math.min(from, to)), Math.max(from, to) + 1)) {
    // A group that the range only touches does not bring what is beneath it: its rows are in the range themselves.
    if (row.members === undefined) for (const key of keysOf(row)) next.add(key)
  }
  return next
}
