/** One question to the daemon. */
export interface Request {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  contentType?: string
  body?: string
}

/** Its answer, whatever the status. */
export interface Response {
  status: number
  body: string
}

/** The way to the daemon. There are two: a pipe in the window, fetch and WebSockets in a browser. */
export interface Transport {
  /** Rejects with an ApiError of status 0 where no answer came. */
  request(request: Request): Promise<Response>

  /**
   * Calls `lines` with what the daemon streams at `path`, until the stream ends in order or `signal` aborts (resolves),
   * or is refused or breaks (rejects with an ApiError).
   */
  stream(path: string, lines: (batch: string[]) => void, signal: AbortSignal): Promise<void>
}
