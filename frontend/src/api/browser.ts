import { ApiError, refusal } from './error'
import { LineSplitter } from './lines'
import type { Request, Response as Answer, Transport } from './transport'

/** fetch against the daemon's own page server. */
export function browserTransport(): Transport {
  return { request, stream }
}

async function request({ method, path, contentType, body }: Request): Promise<Answer> {
  const init: RequestInit = { method, headers: { Accept: 'application/json' } }
  if (body !== undefined) {
    init.body = body
    init.headers = { Accept: 'application/json', 'Content-Type': contentType ?? 'application/json' }
  }
  const response = await reach(path, init)
  try {
    return { status: response.status, body: await response.text() }
  } catch {
    throw new ApiError(0, '')
  }
}

/**
 * One WebSocket a stream: browsers lend a server six connections for everything else, all tabs together. The daemon sends
 * one more message for each that is acknowledged, and at the end a verdict as text.
 */
function stream(path: string, lines: (batch: string[]) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      resolve()
      return
    }
    const address = new URL('/stream', location.href)
    address.protocol = address.protocol.replace('http', 'ws')
    address.searchParams.set('path', path)
    const socket = new WebSocket(address)
    socket.binaryType = 'arraybuffer'
    const close = (): void => {
      socket.close()
    }
    const decoder = new TextDecoder()
    const splitter = new LineSplitter()
    const deliver = (batch: string[]): void => {
      if (batch.length > 0 && !signal.aborted) lines(batch)
    }
    let verdict: Verdict | undefined
    signal.addEventListener('abort', close)
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) {
        deliver(splitter.push(decoder.decode(data, { stream: true })))
        if (socket.readyState === WebSocket.OPEN) socket.send('')
      } else if (typeof data === 'string') verdict = parseVerdict(data)
    }
    socket.onclose = () => {
      signal.removeEventListener('abort', close)
      if (signal.aborted) resolve()
      else if (!verdict) reject(new ApiError(0, ''))
      else if (verdict.status >= 400) reject(refusal(verdict.status, verdict.body ?? ''))
      else {
        deliver([...splitter.push(decoder.decode()), ...splitter.end()])
        resolve()
      }
    }
  })
}

/** How the daemon says that a stream ended. */
interface Verdict {
  status: number
  body?: string
}

function parseVerdict(text: string): Verdict | undefined {
  const parsed: unknown = JSON.parse(text)
  return isVerdict(parsed) ? parsed : undefined
}

function isVerdict(value: unknown): value is Verdict {
  return typeof value === 'object' && value !== null && 'status' in value && typeof value.status === 'number'
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: 'same-origin', cache: 'no-store', redirect: 'error' })
  } catch {
    throw new ApiError(0, '') // what a browser says of it ("Failed to fetch") helps nobody
  }
}
