import { ProviderHost, ProviderLima, ProviderNative, type App, type Provider } from '../api/app.gen'

/** One house that an engine could have on this machine, as backend/diagnostics writes it. */
export interface Way {
  provider: Provider
  available: boolean
  message?: string
  /** A command that would make it possible. */
  mend?: string
}

/** In the order in which they are offered. */
const order: readonly Provider[] = [ProviderNative, ProviderHost, ProviderLima]

/** Reads what the daemon found; what it can't read is nothing. */
export function parseWays(text: string): Way[] {
  const parsed: unknown = JSON.parse(text)
  return Array.isArray(parsed) ? parsed.filter(isWay) : []
}

function isWay(value: unknown): value is Way {
  return (
    typeof value === 'object' &&
    value !== null &&
    'provider' in value &&
    'available' in value &&
    typeof value.provider === 'string' &&
    order.includes(value.provider)
  )
}

/** What is chosen before anybody chooses: what the daemon would take, else the first that is possible. */
export function sensibleWay(ways: readonly Way[], daemons: Provider | undefined): Provider {
  const open = ways.filter((way) => way.available).map((way) => way.provider)
  if (daemons !== undefined && (open.includes(daemons) || open.length === 0)) return daemons
  return order.find((provider) => open.includes(provider)) ?? ProviderNative
}

/** Nobody has ever asked anything of this Berth: its one object is as the daemon made it. */
export function isFresh(app: App): boolean {
  return (app.metadata?.generation ?? 0) === 1 && app.spec?.running !== true && app.status?.startup === undefined
}
