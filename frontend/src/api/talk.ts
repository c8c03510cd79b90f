import { findDesktop, type Desktop } from './desktop'
import { inOrder } from './ordered'

/** How a session ended: with its program's exit code, or for a reason in words. */
export interface Ended {
  code?: number
  reason?: string
  /** The HTTP status of a refusal; 0 where nobody answered. */
  status?: number
}

/** What a session says. */
export interface Heard {
  begun: () => void
  output: (bytes: Uint8Array) => void
  /** It comes once and last, and not after close. */
  ended: (how: Ended) => void
}

/** A session with a program in a container; the messages are those of backend/streams. */
export interface Talk {
  type(bytes: Uint8Array): void
  resize(columns: number, rows: number): void
  /** So many bytes of output were dealt with: as many more may come. */
  done(bytes: number): void
  close(): void
}

/** Output that may be under way. More waits in the program, which then writes no further. */
export const outputWindow = 256 * 1024
/** The daemon takes no longer message. */
const longestInput = 128 * 1024

const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, read: 5 } as const

/** Carries whole messages; `over` comes once, where the other side or the way to it ends. */
interface Wire {
  send(message: Uint8Array): void
  close(): void
}
type Lay = (path: string, message: (bytes: Uint8Array) => void, over: (how: Ended) => void) => Wire

/** Begins a session at an exec or attach address, by the way that this page has to the daemon. */
export function beginTalk(path: string, heard: Heard, desktop: Desktop | undefined = findDesktop()): Talk {
  let verdict: Ended | undefined
  let closed = false
  const wire = (desktop ? throughWindow(desktop) : bySocket)(
    `${path}&window=${String(outputWindow)}`,
    (message) => {
      if (closed || message.length === 0) return
      const [kind, rest] = [message[0], message.subarray(1)]
      if (kind === channel.status) verdict = readVerdict(new TextDecoder().decode(rest))
      else if (kind !== channel.stdout && kind !== channel.stderr) return
      else if (rest.length === 0) heard.begun()
      else heard.output(rest)
    },
    (how) => {
      if (closed) return
      closed = true
      heard.ended(verdict ?? how)
    },
  )
  const send = (kind: number, body: Uint8Array): void => {
    if (closed) return
    const message = new Uint8Array(body.length + 1)
    message[0] = kind
    message.set(body, 1)
    wire.send(message)
  }
  const text = (kind: number, words: string): void => {
    send(kind, new TextEncoder().encode(words))
  }
  return {
    type: (bytes) => {
      for (let at = 0; at < bytes.length; at += longestInput) send(channel.stdin, bytes.subarray(at, at + longestInput))
    },
    resize: (columns, rows) => {
      text(channel.resize, JSON.stringify({ Width: columns, Height: rows }))
    },
    done: (bytes) => {
      text(channel.read, String(bytes))
    },
    close: () => {
      if (closed) return
      closed = true
      wire.close()
    },
  }
}

const bySocket: Lay = (path, message, over) => {
  const address = new URL(path, location.href)
  address.protocol = address.protocol.replace('http', 'ws')
  const socket = new WebSocket(address, 'v5.channel.k8s.io')
  socket.binaryType = 'arraybuffer'
  const early: Uint8Array<ArrayBuffer>[] = []
  socket.onopen = () => {
    for (const one of early.splice(0)) socket.send(one)
  }
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data instanceof ArrayBuffer) message(new Uint8Array(data))
  }
  socket.onclose = () => {
    over({ status: 0 })
  }
  return {
    send: (bytes) => {
      const own = new Uint8Array(bytes)
      if (socket.readyState === WebSocket.CONNECTING) early.push(own)
      else if (socket.readyState === WebSocket.OPEN) socket.send(own)
    },
    close: () => {
      socket.close()
    },
  }
}

function throughWindow({ bridge, runtime }: Desktop): Lay {
  return (path, message, over) => {
    const id = crypto.randomUUID()
    const ends: (() => void)[] = []
    let open = true
    const finish = (): void => {
      open = false
      for (const end of ends.splice(0)) end()
    }
    const ordered = inOrder(
      (lines) => {
        for (const line of lines) message(fromBase64(line))
        void bridge.Ack(id, 1)
      },
      (reason, status) => {
        finish()
        over({ status, ...(reason === '' ? {} : { reason }) })
      },
    )
    ends.push(
      runtime.EventsOn(`stream:${id}`, (lines, number) => {
        ordered.batch(lines, number)
      }),
      runtime.EventsOn(`stream-end:${id}`, (reason, status, count) => {
        ordered.end(reason, status, count)
      }),
    )
    // One call may overtake another, so each waits for the one before.
    let last = bridge.Dial(id, path).catch((thrown: unknown) => {
      finish()
      over({ status: 0, reason: thrown instanceof Error ? thrown.message : String(thrown) })
    })
    return {
      send: (bytes) => {
        const written = toBase64(bytes)
        last = last.then(() => (open ? bridge.Send(id, written) : undefined)).catch(() => undefined) // its end says why
      },
      close: () => {
        finish()
        void last.then(() => bridge.Close(id))
      },
    }
  }
}

/** Reads the last word of a session, a Status of Kubernetes. */
export function readVerdict(text: string): Ended {
  const said = parsed(text)
  if (said['status'] === 'Success') return { code: 0 }
  const reason = typeof said['message'] === 'string' ? said['message'] : ''
  if (said['reason'] === 'NonZeroExitCode') {
    const code = /"reason":"ExitCode","message":"(\d+)"/.exec(JSON.stringify(said['details'] ?? {}))?.[1]
    if (code !== undefined) return { code: Number(code) }
  }
  return { reason, status: typeof said['code'] === 'number' ? said['code'] : 500 }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768))
  return btoa(text)
}

function fromBase64(text: string): Uint8Array {
  const raw = atob(text)
  const bytes = new Uint8Array(raw.length)
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i)
  return bytes
}
