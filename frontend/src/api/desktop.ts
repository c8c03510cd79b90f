import type { Response } from './transport'

/** The Go side of the window's pipe: app/bridge.go. */
export interface Bridge {
  Request(method: string, path: string, contentType: string, body: string): Promise<Response>
  Open(id: string, path: string): Promise<void>
  Ack(id: string, batches: number): Promise<void>
  Close(id: string): Promise<void>
}

/** What the page uses of the runtime that Wails puts into its window. */
export interface WailsRuntime {
  /** Returns what ends the subscription. */
  EventsOn(event: string, callback: (...data: unknown[]) => void): () => void
  BrowserOpenURL(url: string): void
  ClipboardSetText(text: string): Promise<boolean>
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
