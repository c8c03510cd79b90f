import type { App } from '../api/app.gen'
import type { Port } from '../api/containers.gen'

export interface PublishedPort {
  /** Such as "8080 → 80", and with its protocol where that is not tcp. */
  text: string
  /** Where a browser finds it; undefined for what no browser speaks. */
  url: string | undefined
}

/** The published ports, once each: an engine names one port for IPv4 and again for IPv6. */
export function publishedPorts(ports: readonly Port[] | undefined, engineHost: string): PublishedPort[] {
  const found = new Map<string, PublishedPort>()
  for (const port of ports ?? []) {
    for (const binding of port.bindings ?? []) {
      const host = linkHost(binding.hostIP ?? '', engineHost)
      const reached = port.protocol === 'tcp' && host !== ''
      const tcp = port.protocol === 'tcp'
      const text = `${String(binding.hostPort)} → ${String(port.port)}${tcp ? '' : `/${port.protocol}`}`
      const scheme = port.port === 443 || port.port === 8443 ? 'https' : 'http'
      const url = reached ? `${scheme}://${host}:${String(binding.hostPort)}/` : undefined
      const key = `${text} ${host}`
      if (!found.has(key)) found.set(key, { text, url })
    }
  }
  return [...found.values()]
}

const here = 'localhost'

/**
 * Where the ports of App's engine are reached. One that is reached by certificates or ssh has a local socket as its
 * endpoint, so what the user wrote counts first.
 */
export function engineHost(app: App | undefined): string {
  const engine = app?.spec?.containerEngine
  for (const endpoint of [engine?.provider === 'host' ? engine.host : undefined, app?.status?.engine?.endpoint]) {
    const [, scheme, rest] = /^(tcp|ssh|https?):\/\/(.*)$/.exec(endpoint ?? '') ?? []
    if (scheme === undefined || !URL.canParse(`http://${rest ?? ''}`)) continue
    const { hostname } = new URL(`http://${rest ?? ''}`) // URL knows the hosts of http, not of tcp
    return /^(127\.|\[::1\]$)/.test(hostname) ? here : hostname
  }
  return here
}

function linkHost(ip: string, engine: string): string {
  if (ip === '' || ip === '0.0.0.0' || ip === '::') return engine
  if (!/^[0-9a-fA-F.:]+$/.test(ip)) return engine
  // Loopback of the engine's machine is ours only where the engine is here.
  if (/^(127\.|::1$)/.test(ip) && engine !== here) return ''
  return ip.includes(':') ? `[${ip}]` : ip
}
