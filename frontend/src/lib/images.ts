import type { Image, Volume } from '../api/containers.gen'
import { byName, shortID, visible } from './text'

/** Splits a reference into what is named and its tag: a port in the registry's name is no tag. */
export function splitTag(reference: string): { repository: string; tag: string } {
  const colon = reference.lastIndexOf(':')
  if (colon <= reference.lastIndexOf('/')) return { repository: reference, tag: '' }
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) }
}

export function imageName(image: Image): string {
  const { repoTag = '', id = '' } = image.status ?? {}
  return visible(repoTag === '' ? shortID(id) : repoTag)
}

/** Tags by name, then images without one by age and ID, youngest first. */
export function byImage(a: Image, b: Image): number {
  const [left, right] = [a.status?.repoTag ?? '', b.status?.repoTag ?? '']
  if (left === '' && right === '') {
    return (
      byName(b.status?.createdAt ?? '', a.status?.createdAt ?? '') ||
      byName(a.metadata?.name ?? '', b.metadata?.name ?? '')
    )
  }
  if (left === '' || right === '') return left === '' ? 1 : -1
  return byName(left, right)
}

export function byVolume(a: Volume, b: Volume): number {
  const [left, right] = [a.status?.name ?? '', b.status?.name ?? '']
  return Number(isAnonymous(left)) - Number(isAnonymous(right)) || byName(left, right)
}

/** A volume that docker named, because nobody did. */
export function isAnonymous(volume: string): boolean {
  return /^[0-9a-f]{64}$/.test(volume)
}
