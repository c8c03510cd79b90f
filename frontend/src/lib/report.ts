/** What the daemon's checks found, as backend/diagnostics writes it. */
export interface Report {
  instance: string
  version: string
  at: string
  findings: Finding[]
}

export interface Finding {
  check: string
  level: string
  message: string
  /** A command that mends it. */
  mend?: string
}

export function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null && 'findings' in value && Array.isArray(value.findings)
}
