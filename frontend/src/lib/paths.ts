/** A path in a container: what leads to it, each with its name. */
export function crumbs(path: string): { name: string; path: string }[] {
  const steps = path.split('/').filter((step) => step !== '')
  return [{ name: '', path: '/' }, ...steps.map((name, i) => ({ name, path: `/${steps.slice(0, i + 1).join('/')}` }))]
}

export function joined(folder: string, name: string): string {
  return `${folder === '/' ? '' : folder}/${name}`
}

export function parentOf(path: string): string {
  return crumbs(path).at(-2)?.path ?? '/'
}

/** The name to keep something under: no part of it leads anywhere. */
export function savedName(path: string, ending = ''): string {
  const name =
    path
      .split('/')
      .filter((step) => step !== '')
      .at(-1) ?? 'root'
  return `${name.replace(/[^\p{L}\p{N}._ -]/gu, '_').replace(/^\.+/, '_')}${ending}`
}

/** Whether somebody could read it: no bytes that no text has. */
export function isText(text: string): boolean {
  const head = text.slice(0, 8000)
  if (head.includes('\0')) return false
  const odd = [...head].filter(unreadable).length
  return odd <= head.length / 20
}

/** What a text does not have: what was no UTF-8, and control characters but those of layout and colour. */
function unreadable(char: string): boolean {
  const code = char.charCodeAt(0)
  return char === '\ufffd' || (code < 0x20 && !(code >= 0x09 && code <= 0x0d) && code !== 0x1b)
}
