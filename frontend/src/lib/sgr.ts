import { harmless } from './text'

/** Text of one look. The class names a colour of the page's own palette: what a program asks for may be unreadable here. */
export interface Piece {
  text: string
  class: string
}

interface Look {
  color: number | undefined
  bold: boolean
  dim: boolean
  underline: boolean
}

const plainLook: Look = { color: undefined, bold: false, dim: false, underline: false }
// eslint-disable-next-line no-control-regex -- the colours of a terminal
const sequence = /\u001b\[([0-9;:]*)m/g

/** The text without its colours; whatever else it would have a terminal do is shown, not done. */
export function plain(line: string): string {
  return harmless(line.replace(sequence, '').replaceAll('\t', '    '))
}

/** Cuts a line where its look changes. */
export function pieces(line: string): Piece[] {
  const found: Piece[] = []
  let look = plainLook
  let from = 0
  const add = (to: number): void => {
    const text = harmless(line.slice(from, to).replaceAll('\t', '    '))
    if (text !== '') found.push({ text, class: classOf(look) })
  }
  for (const match of line.matchAll(sequence)) {
    add(match.index)
    look = changed(look, match[1] ?? '')
    from = match.index + match[0].length
  }
  add(line.length)
  return found
}

function changed(look: Look, codes: string): Look {
  let next = look
  const all = codes.split(/[;:]/).map(Number)
  for (let i = 0; i < all.length; i++) {
    const code = all[i] ?? 0
    if (code === 0) next = plainLook
    else if (code === 1) next = { ...next, bold: true }
    else if (code === 2) next = { ...next, dim: true }
    else if (code === 4) next = { ...next, underline: true }
    else if (code === 22) next = { ...next, bold: false, dim: false }
    else if (code === 24) next = { ...next, underline: false }
    else if (code >= 30 && code <= 37) next = { ...next, color: code - 30 }
    else if (code >= 90 && code <= 97) next = { ...next, color: code - 90 }
    else if (code === 39) next = { ...next, color: undefined }
    else if (code === 38 || code === 48) {
      const long = all[i + 1] === 2
      const color = long ? nearest(all.slice(i + 2, i + 5)) : indexed(all[i + 2] ?? 0)
      if (code === 38) next = { ...next, color }
      i += long ? 4 : 2
    }
  }
  return next
}

function classOf({ color, bold, dim, underline }: Look): string {
  return [color === undefined ? '' : `c${String(color)}`, bold ? 'b' : '', dim ? 'd' : '', underline ? 'u' : '']
    .filter((name) => name !== '')
    .join(' ')
}

/** One of a terminal's 256 colours, as one of eight. */
function indexed(code: number): number {
  if (code < 16) return code % 8
  if (code > 231) return 7
  const cube = code - 16
  return nearest([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((part) => part * 51))
}

/** Bit by bit: red, green, blue. */
function nearest(parts: readonly number[]): number {
  const most = Math.max(...parts, 1)
  return parts.reduce((sum, part, i) => sum + (part > most * 0.6 ? 1 << i : 0), 0)
}

/** Marks ranges of the text, such as what a search found; `marked` is added to their class. */
export function marked(all: readonly Piece[], ranges: readonly (readonly [from: number, to: number])[]): Piece[] {
  if (ranges.length === 0) return [...all]
  const found: Piece[] = []
  let at = 0
  for (const piece of all) {
    let from = 0
    const end = at + piece.text.length
    for (const [start, stop] of ranges) {
      if (stop <= at + from || start >= end) continue
      const [left, right] = [Math.max(start - at, from), Math.min(stop - at, piece.text.length)]
      if (left > from) found.push({ text: piece.text.slice(from, left), class: piece.class })
      found.push({ text: piece.text.slice(left, right), class: `${piece.class} marked` })
      from = right
    }
    if (from < piece.text.length) found.push({ text: piece.text.slice(from), class: piece.class })
    at = end
  }
  return found
}
