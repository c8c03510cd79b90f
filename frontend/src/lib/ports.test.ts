import { describe, expect, it } from 'vitest'
import type { Port } from '../api/containers.gen'
import { engineHost, publishedPorts } from './ports'

const port = (inside: number, protocol: string, ...bindings: [ip: string, port: number][]): Port => ({
  name: `${String(inside)}/${protocol}`,
  port: inside,
  protocol,
  bindings: bindings.map(([hostIP, hostPort]) => ({ hostIP, hostPort })),
})

describe('publishedPorts', () => {
  it.each<[string, Port, { text: string; url: string | undefined }[]]>([
    [
      'one for IPv4 and IPv6',
      port(80, 'tcp', ['0.0.0.0', 8080], ['::', 8080]),
      [{ text: '8080 → 80', url: 'http://localhost:8080/' }],
    ],
    [
      'https by its port',
      port(443, 'tcp', ['0.0.0.0', 8443]),
      [{ text: '8443 → 443', url: 'https://localhost:8443/' }],
    ],
    ['one address only', port(80, 'tcp', ['127.0.0.1', 81]), [{ text: '81 → 80', url: 'http://127.0.0.1:81/' }]],
    ['an IPv6 address', port(80, 'tcp', ['::1', 81]), [{ text: '81 → 80', url: 'http://[::1]:81/' }]],
    ['udp is no link', port(53, 'udp', ['0.0.0.0', 53]), [{ text: '53 → 53/udp', url: undefined }]],
    ['not published', port(80, 'tcp'), []],
    [
      'a host that is no address',
      port(80, 'tcp', ['evil.example/@', 81]),
      [{ text: '81 → 80', url: 'http://localhost:81/' }],
    ],
  ])('%s', (_, given, want) => {
    expect(publishedPorts([given], 'localhost')).toEqual(want)
  })
})

describe('engineHost', () => {
  it.each([
    ['', undefined, 'localhost'],
    ['', 'unix:///run/docker.sock', 'localhost'],
    ['desk', 'tcp://10.0.0.7:2375', '10.0.0.7'],
    ['tcp://[fd00::1]:2375', 'unix:///remote.sock', '[fd00::1]'],
    ['ssh://me@build:22', 'unix:///remote.sock', 'build'],
    ['tcp://127.0.0.1:2375', 'tcp://127.0.0.1:2375', 'localhost'],
    ['tcp://', undefined, 'localhost'],
  ])('%s, at %s', (host, endpoint, want) => {
    const status = endpoint === undefined ? {} : { engine: { endpoint } }
    expect(engineHost({ spec: { containerEngine: { provider: 'host', host } }, status })).toBe(want)
  })

  it('is here for an engine of our own, whatever was set for another', () => {
    expect(engineHost(undefined)).toBe('localhost')
    const spec = { containerEngine: { provider: 'native' as const, host: 'tcp://old:2375' } }
    expect(engineHost({ spec, status: { engine: { endpoint: 'unix:///run/docker.sock' } } })).toBe('localhost')
  })
})
