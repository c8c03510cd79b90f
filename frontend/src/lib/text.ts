// What an engine says is shown as text, and all of it is shown: nothing may hide, reverse or break what stands around it.

const longest = 400

/** Controls, line and paragraph breaks, marks that change direction, and what has no width: all that can deceive. */
const deceptive =
  /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** Makes hostile text harmless to read: what is invisible becomes visible, and there is an end to it. */
export function visible(text: string): string {
  const shown = harmless(text.length > 4 * longest ? text.slice(0, 4 * longest) : text)
  return shown.length > longest ? `${shown.slice(0, longest)}…` : shown
}

/** The same without an end, for those who see to that themselves. */
export function harmless(text: string): string {
  return text.replace(deceptive, (c) => {
    const code = c.codePointAt(0) ?? 0
    if (code < 0x20) return String.fromCodePoint(0x2400 + code) // ␀ … ␟
    if (code === 0x7f) return '␡'
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
  })
}

/** The part of an ID that people use. */
export function shortID(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12)
}

const names = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** Orders as people do: web-2 before web-10. */
export function byName(a: string, b: string): number {
  return names.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0)
}

/** "a", "a and b", "a, b and c", "a, b and 3 more". */
export function listed(items: readonly string[], limit = 3): string {
  if (items.length > limit)
    return `${items.slice(0, limit - 1).join(', ')} and ${String(items.length - limit + 1)} more`
  const last = items.at(-1) ?? ''
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`
}
