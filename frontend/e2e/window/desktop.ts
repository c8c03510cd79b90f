// The window's own Go side with Wails' development server before it: the page is driven by Chromium, and what it asks
// goes through the bindings and events of the window instead of fetch.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const note = join(tmpdir(), `berth-e2e-window-${process.env['BERTH_E2E_RUN'] ?? 'none'}.json`)

interface Note {
  address: string
  pids: number[]
}

/** Where setup.ts has put the window's page; undefined where it has not run. */
export function windowAddress(): string | undefined {
  return existsSync(note) ? told().address : undefined
}

function told(): Note {
  return JSON.parse(readFileSync(note, 'utf8')) as Note
}

/** Starts a hidden screen and the window on it, for the instance at home. */
export async function openWindow(home: string): Promise<void> {
  const binary = process.env['BERTH_WINDOW'] ?? join(import.meta.dirname, '../../../.cache/bin/berth-desktop-dev')
  if (!existsSync(binary)) throw new Error(`${binary} is not there: run "make test-page", or set BERTH_WINDOW`)
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const display = await firstLine(screen.stdio[3] as NodeJS.ReadableStream)
  const address = `127.0.0.1:${String(await freePort())}`
  const window = spawn(binary, [], {
    detached: true,
    stdio: 'ignore',
    env: {
      ...process.env,
      BERTH_HOME: home,
      BERTH_INSTANCE: 'berth',
      DISPLAY: `:${display}`,
      WAYLAND_DISPLAY: '',
      devserver: address,
      assetdir: join(import.meta.dirname, '../../dist'),
    },
  })
  const pids = [window.pid, screen.pid].filter((pid) => pid !== undefined)
  writeFileSync(note, JSON.stringify({ address: `http://${address}/`, pids } satisfies Note))
  for (const child of [screen, window]) child.unref()
  await answers(`http://${address}/`)
}

export function closeWindow(): void {
  if (!existsSync(note)) return
  for (const pid of told().pids) {
    try {
      process.kill(pid, 'SIGTERM')
    } catch {
      // It has ended already.
    }
  }
  rmSync(note)
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  return text.trim()
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port)
        else reject(new Error('no port'))
      })
    })
  })
}

async function answers(url: string): Promise<void> {
  for (const end = Date.now() + 30_000; ;) {
    try {
      if ((await fetch(url)).ok) return
    } catch (thrown) {
      if (Date.now() > end) throw thrown
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
