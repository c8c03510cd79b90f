import type { Container, Image, Network, Volume } from '../api/containers.gen'

/** The names of the containers that use it, running or not. */
export function usersOf({ status }: Image | Volume): string[] {
  return status?.inUseBy ?? []
}

/** What no container uses; `berth prune` lists the same. */
export function unusedImages(images: readonly Image[]): Image[] {
  return images.filter((image) => usersOf(image).length === 0)
}

export function unusedVolumes(volumes: readonly Volume[]): Volume[] {
  return volumes.filter((volume) => usersOf(volume).length === 0)
}

/** A network has running containers only as members; those that are stopped would not start without it. */
export function unusedNetworks(networks: readonly Network[], containers: readonly Container[]): Network[] {
  const needed = new Set(containers.flatMap((c) => (c.status?.networks ?? []).flatMap((n) => [n.name, n.networkID])))
  return networks.filter(({ status }) => {
    if (status?.builtIn === true || status?.ingress === true || (status?.members ?? []).length > 0) return false
    return !needed.has(status?.name ?? '') && !needed.has(status?.id ?? '')
  })
}

/** The bytes of images all of whose tags are among these: what deleting them frees at most, for images share layers. */
export function freed(images: readonly Image[]): number {
  const tags = new Map<string, number>()
  for (const { status } of images) tags.set(status?.id ?? '', (tags.get(status?.id ?? '') ?? 0) + 1)
  let bytes = 0
  for (const { status } of images) {
    const id = status?.id ?? ''
    if ((tags.get(id) ?? 0) >= Math.max(1, (status?.repoTags ?? []).length)) bytes += status?.size ?? 0
    tags.delete(id)
  }
  return bytes
}
