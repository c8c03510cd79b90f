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

async function stream(path: string, lines: (batch: string[]) => void, signal: AbortSignal): Promise<void> {
  try {
    const response = await reach(path, { headers: { Accept: 'application/json' }, signal })
    if (!response.ok) throw refusal(response.status, await response.text())
    if (!response.body) return
    await readLines(response.body, lines)
  } catch (thrown) {
    if (!signal.aborted) throw thrown instanceof ApiError ? thrown : new ApiError(0, '')
  }
}

async function readLines(body: ReadableStream<Uint8Array>, lines: (batch: string[]) => void): Promise<void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const splitter = new LineSplitter()
  const deliver = (batch: string[]): void => {
    if (batch.length > 0) lines(batch)
  }
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    deliver(splitter.push(decoder.decode(value, { stream: true })))
  }
  deliver([...splitter.push(decoder.decode()), ...splitter.end()])
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: 'same-origin', cache: 'no-store', redirect: 'error' })
  } catch {
    throw new ApiError(0, '') // what a browser says of it ("Failed to fetch") helps nobody
  }
}
