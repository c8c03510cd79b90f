import type { Status } from './meta'

/** What went wrong with a request or a stream. `status` is HTTP's, and 0 where no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly reason = '',
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** Nobody answered. */
  get unreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503
  }

  /** The page's session is over, or there never was one. */
  get signedOut(): boolean {
    return this.status === 401
  }

  /** The watch asked for changes that the daemon remembers no more. */
  get expired(): boolean {
    return this.status === 410
  }
}

/** Makes an error of an answer that is not a success: Kubernetes explains itself in a Status. */
export function refusal(status: number, body: string): ApiError {
  const told = parseStatus(body)
  return new ApiError(status, told?.message ?? (body.trim().slice(0, 300) || `HTTP ${String(status)}`), told?.reason)
}

/** Makes an error of anything that was thrown. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  return new ApiError(0, thrown instanceof Error ? thrown.message : String(thrown))
}

function parseStatus(body: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    return isStatus(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status'
}
