import type { Response } from './transport'

/** The Go side of the window's pipe: app/bridge.go. */
export interface Bridge {
  /** Ends what the page that was here before left open. */
  Begin(): Promise<void>
  Request(method: string, path: string, contentType: string, body: string): Promise<Response>
  Open(id: string, path: string): Promise<void>
  /** Begins a session: lines are messages in base64, and Send sends such. */
  Dial(id: string, path: string): Promise<void>
  Send(id: string, message: string): Promise<void>
  Ack(id: string, batches: number): Promise<void>
  Close(id: string): Promise<void>
  /** Asks where to keep what the daemon answers at path, and keeps it there. Resolves with where, or '' if nowhere. */
  Save(path: string, name: string): Promise<string>
  SaveText(text: string, name: string): Promise<string>
}

/** What the page uses of the runtime that Wails puts into its window. */
export interface WailsRuntime {
  /** Returns what ends the subscription. */
  EventsOn(event: string, callback: (...data: unknown[]) => void): () => void
  BrowserOpenURL(url: string): void
  ClipboardSetText(text: string): Promise<boolean>
  ClipboardGetText(): Promise<string>
}

declare global {
  interface Window {
    go?: { app?: { Bridge?: Bridge } }
    runtime?: WailsRuntime
  }
}

/** The window around the page, or undefined in a browser. */
export interface Desktop {
  bridge: Bridge
  runtime: WailsRuntime
}

export function findDesktop(): Desktop | undefined {
  const bridge = window.go?.app?.Bridge
  return bridge && window.runtime ? { bridge, runtime: window.runtime } : undefined
}

/** Opens a link of the page where links open: a webview has no tabs. True where it was done here. */
export function openOutside(url: string): boolean {
  const desktop = findDesktop()
  desktop?.runtime.BrowserOpenURL(url)
  return desktop !== undefined
}

export async function copyText(text: string): Promise<void> {
  const desktop = findDesktop()
  if (desktop) await desktop.runtime.ClipboardSetText(text)
  else await navigator.clipboard.writeText(text)
}

/** Keeps text as a file. Resolves with where, in the window; a browser does not tell. */
export async function saveText(text: string, name: string): Promise<string> {
  const desktop = findDesktop()
  if (desktop) return desktop.bridge.SaveText(text, name)
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  download(url, name)
  setTimeout(() => {
    URL.revokeObjectURL(url)
  }, 10_000)
  return ''
}

/** Keeps what the daemon answers at a path as a file, however long it is. */
export async function saveAnswer(path: string, name: string): Promise<string> {
  const desktop = findDesktop()
  if (desktop) return desktop.bridge.Save(path, name)
  download(path, name)
  return ''
}

function download(url: string, name: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
}
