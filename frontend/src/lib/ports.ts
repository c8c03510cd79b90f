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
      const tcp = port.protocol === 'tcp'
      const text = `${String(binding.hostPort)} → ${String(port.port)}${tcp ? '' : `/${port.protocol}`}`
      const scheme = port.port === 443 || port.port === 8443 ? 'https' : 'http'
      const url = tcp ? `${scheme}://${host}:${String(binding.hostPort)}/` : undefined
      const key = `${text} ${host}`
      if (!found.has(key)) found.set(key, { text, url })
    }
  }
  return [...found.values()]
}

/** Where the ports of an engine at this endpoint are reached. */
export function engineHost(endpoint: string | undefined): string {
  if (endpoint?.startsWith('tcp://') !== true) return 'localhost'
  try {
    // URL knows the hosts of http, not of tcp.
    return new URL(endpoint.replace(/^tcp:/, 'http:')).hostname
  } catch {
    return 'localhost'
  }
}

function linkHost(ip: string, engine: string): string {
  if (ip === '' || ip === '0.0.0.0' || ip === '::') return engine
  // Loopback of the engine's machine is ours only where the engine is here, and then its name is clearer.
  if (!/^[0-9a-fA-F.:]+$/.test(ip)) return engine
  return ip.includes(':') ? `[${ip}]` : ip
}
