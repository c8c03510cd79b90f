import { harmless } from './text'

/** One line of a tree of JSON. */
export interface Node {
  /** Keys from the root, each in quotes: two paths are never alike. */
  path: string
  depth: number
  key: string
  /** In words; empty for what has lines beneath it. */
  value: string
  kind: 'string' | 'number' | 'word' | 'branch'
  /** How many are beneath it. */
  size: number
  expanded: boolean
}

const longest = 2000

function textOf(value: unknown): string {
  const text = harmless(typeof value === 'string' ? value.slice(0, longest + 1) : JSON.stringify(value))
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

/**
 * Lays JSON out as lines. With a query only what it is found in is shown, open; `most` is an end to it, and `left` how many lines
 * came after that.
 */
export function treeOf(
  root: unknown,
  expanded: (path: string, depth: number) => boolean,
  query: string,
  most: number,
): { nodes: Node[]; left: number } {
  const nodes: Node[] = []
  const wanted = query.trim().toLowerCase()
  let left = 0

  const fits = (key: string, value: unknown): boolean =>
    key.toLowerCase().includes(wanted) ||
    (typeof value === 'object' && value !== null
      ? Object.entries(value).some(([name, inner]) => fits(name, inner))
      : String(value).toLowerCase().includes(wanted))

  const walk = (key: string, value: unknown, path: string, depth: number, all: boolean): void => {
    if (wanted !== '' && !all && !fits(key, value)) return
    const branch = typeof value === 'object' && value !== null
    const entries = branch ? Object.entries(value) : []
    const open = branch && entries.length > 0 && (wanted !== '' || expanded(path, depth))
    if (nodes.length >= most) left++
    else {
      nodes.push({
        path,
        depth,
        key: textOf(key),
        value: branch ? '' : textOf(value),
        kind: branch ? 'branch' : typeof value === 'string' ? 'string' : typeof value === 'number' ? 'number' : 'word',
        size: entries.length,
        expanded: open,
      })
    }
    const whole = all || (wanted !== '' && key.toLowerCase().includes(wanted))
    if (open)
      for (const [name, inner] of entries) walk(name, inner, `${path}/${JSON.stringify(name)}`, depth + 1, whole)
  }

  if (typeof root === 'object' && root !== null)
    for (const [name, inner] of Object.entries(root)) walk(name, inner, JSON.stringify(name), 0, false)
  return { nodes, left }
}
