// What the page remembers on this machine. It may be missing, old, broken or forbidden: then it is as on the first day.

/** What was stored under a key in this version of its form. */
export function readStored<T>(key: string, version: number, storage: Storage | undefined = here()): T | undefined {
  try {
    const found: unknown = JSON.parse(storage?.getItem(key) ?? 'null')
    if (typeof found !== 'object' || found === null || !('version' in found) || found.version !== version)
      return undefined
    return 'value' in found ? (found.value as T) : undefined
  } catch {
    return undefined
  }
}

export function writeStored(key: string, version: number, value: unknown, storage: Storage | undefined = here()): void {
  try {
    storage?.setItem(key, JSON.stringify({ version, value }))
  } catch {
    // It is full or forbidden: nothing is lost but comfort.
  }
}

function here(): Storage | undefined {
  try {
    return window.localStorage
  } catch {
    return undefined
  }
}
