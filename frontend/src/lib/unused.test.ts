import { describe, expect, it } from 'vitest'
import type { Container, Image, Network } from '../api/containers.gen'
import { freed, unusedImages, unusedNetworks, unusedVolumes } from './unused'

const image = (id: string, repoTag: string, repoTags: string[], ...inUseBy: string[]): Image => ({
  status: { id, repoTag, repoTags, inUseBy, size: 10 },
})
const container = (name: string, network: string): Container => ({
  status: { name, networks: [{ name: network, networkID: `id-${network}` }] },
})
const network = (name: string, more: Partial<Network['status']> = {}): Network => ({
  status: { name, id: `id-${name}`, ...more },
})

describe('what nobody uses', () => {
  it('is an image or a volume without containers', () => {
    const images = [image('a', 'web:1', ['web:1'], 'web'), image('b', '', []), image('c', 'tool:1', ['tool:1'])]
    expect(unusedImages(images).map((i) => i.status?.id)).toEqual(['b', 'c'])
    const volumes = [{ status: { name: 'data', inUseBy: ['db'] } }, { status: { name: 'old' } }]
    expect(unusedVolumes(volumes).map((v) => v.status?.name)).toEqual(['old'])
  })

  it('is a network that no container would start on', () => {
    const networks = [
      network('host', { builtIn: true }),
      network('swarm', { ingress: true }),
      network('lived-in', { members: [{ id: '1' }] }),
      network('stopped'),
      network('by-id'),
      network('lonely'),
    ]
    const containers = [container('job', 'stopped'), { status: { networks: [{ name: 'x', networkID: 'id-by-id' }] } }]
    expect(unusedNetworks(networks, containers).map((n) => n.status?.name)).toEqual(['lonely'])
  })

  it('frees the bytes of an image once, and only with its last tag', () => {
    const tags = ['tool:1', 'tool:2']
    const both = tags.map((tag) => image('t', tag, tags))
    expect(freed(both)).toBe(10)
    expect(freed(both.slice(0, 1))).toBe(0)
    expect(freed([...both, image('d', '', [])])).toBe(20)
  })
})
