import type { Container, Image, Network, Volume } from '../api/containers.gen'
import {
  killContainers,
  removeContainers,
  removeImages,
  removeNetworks,
  removeVolumes,
  type Question,
} from '../lib/questions'
import { imageName } from '../lib/images'
import { visible } from '../lib/text'
import type { Berth } from '../stores/berth.svelte'

/** What the user wants to lose, as it was when asked: by name, which for a container is its ID. */
export type Asked =
  | { kind: 'containers'; things: Container[]; kill?: boolean }
  | { kind: 'images'; things: Image[] }
  | { kind: 'volumes'; things: Volume[] }
  | { kind: 'networks'; things: Network[] }

/** What has to be asked first. */
export function questionOf(about: Asked, berth: Berth): Question {
  const containers = berth.containers?.items.values() ?? []
  switch (about.kind) {
    case 'containers':
      return about.kill === true ? killContainers(about.things) : removeContainers(about.things, containers)
    case 'images':
      return removeImages(about.things)
    case 'volumes':
      return removeVolumes(about.things)
    case 'networks':
      return removeNetworks(about.things)
  }
}

/** The object names, with the names for people. */
export function namesOf(about: Exclude<Asked, { kind: 'containers' }>): Map<string, string> {
  const named = new Map<string, string>()
  if (about.kind === 'images') for (const image of about.things) named.set(image.metadata?.name ?? '', imageName(image))
  else for (const thing of about.things) named.set(thing.metadata?.name ?? '', visible(thing.status?.name ?? ''))
  return named
}
