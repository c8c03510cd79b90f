/** What a container's file system has at a path, as backend/api/stream writes it. */
export interface Folder {
  path: string
  entries: Entry[]
  more?: boolean
}

export interface Entry {
  name: string
  type: 'file' | 'folder' | 'link' | 'other'
  size: number
  mode: string
  modified: string
  target?: string
}

export function parseFolder(text: string): Folder | undefined {
  const parsed: unknown = JSON.parse(text)
  if (typeof parsed !== 'object' || parsed === null || !('entries' in parsed) || !('path' in parsed)) return undefined
  if (!Array.isArray(parsed.entries) || typeof parsed.path !== 'string') return undefined
  const more = 'more' in parsed && parsed.more === true
  return { path: parsed.path, entries: parsed.entries.filter(isEntry), more }
}

function isEntry(value: unknown): value is Entry {
  return (
    typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string' && 'type' in value
  )
}

/** Folders first, each sort by name. */
export function ordered(entries: readonly Entry[], byName: (a: string, b: string) => number): Entry[] {
  const rank = (entry: Entry): number => (entry.type === 'folder' ? 0 : 1)
  return [...entries].sort((a, b) => rank(a) - rank(b) || byName(a.name, b.name))
}

/** A path beneath a folder; what would lead out of it stays in it. */
export function beneath(root: string, steps: readonly string[]): string {
  const safe = steps.filter((step) => step !== '' && step !== '.' && step !== '..' && !step.includes('/'))
  return [root.replace(/\/+$/, ''), ...safe].join('/') || '/'
}
