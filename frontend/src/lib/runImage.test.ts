import { describe, expect, it } from 'vitest'
import { emptyForm, parsePort, parseVolume, runSpec, splitWords } from './runImage'

describe('running an image', () => {
  it.each([
    ['80', { containerPort: 80 }],
    ['8080:80', { containerPort: 80, hostPort: 8080 }],
    ['127.0.0.1:5353:53/udp', { containerPort: 53, hostPort: 5353, hostIP: '127.0.0.1', protocol: 'udp' }],
    ['127.0.0.1::80', { containerPort: 80, hostIP: '127.0.0.1' }],
    ['[::1]:8080:80', { containerPort: 80, hostPort: 8080, hostIP: '::1' }],
    ['70000', undefined],
    ['0:80', undefined],
    ['http', undefined],
    ['80/icmp', undefined],
  ])('reads the port %s', (line, port) => {
    expect(parsePort(line)).toEqual(port)
  })

  it.each([
    ['data:/var/lib', { source: 'data', target: '/var/lib' }],
    ['/home/me:/work:ro', { source: '/home/me', target: '/work', readOnly: true }],
    ['C:/Users/me:/work', { source: 'C:/Users/me', target: '/work' }],
    ['/cache', { target: '/cache' }],
    ['data', undefined],
    ['data:/', undefined],
    [':/x', undefined],
  ])('reads the volume %s', (line, volume) => {
    expect(parseVolume(line)).toEqual(volume)
  })

  it.each([
    ['', []],
    ['sh -c "sleep 60 && true"', ['sh', '-c', 'sleep 60 && true']],
    [`echo '' it\\'s 'a "b"'`, ['echo', '', "it's", 'a "b"']],
    ['echo "open', undefined],
  ])('takes %s apart', (line, parts) => {
    expect(splitWords(line)).toEqual(parts)
  })

  it('leaves out what nobody typed', () => {
    expect(runSpec('nginx', emptyForm)).toEqual({ spec: { image: 'nginx', start: true }, wrong: {} })
  })

  it('says of each field what is wrong', () => {
    const { wrong } = runSpec('nginx', { name: '-x', ports: '80\nhttp', env: '=1', volumes: 'x', command: "'" })
    expect(Object.keys(wrong).sort()).toEqual(['command', 'env', 'name', 'ports', 'volumes'])
    expect(wrong.ports).toContain('http')
  })
})
