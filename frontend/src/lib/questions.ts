import type { Container, Image, Network, Volume } from '../api/containers.gen'
import { anonymousVolumes, nameOf } from './containers'
import { imageName, isAnonymous } from './images'
import { size } from './quantity'
import { strings } from '../text/page'
import { listed, shortID, visible } from './text'
import { freed, usersOf } from './unused'

/** What is asked before something is lost. */
export interface Question {
  title: string
  names: string[]
  /** What needs attention before all else, such as that it runs. */
  warning: string
  /** What else goes, and what stays. */
  consequences: string[]
  /** What has to be typed before it is done; empty where a click is enough. */
  type: string
  /** What is done, on its button. */
  verb: string
}

const text = strings.confirm
/** From here on a slip of the hand costs too much. */
const many = 5

function question(given: Partial<Question> & Pick<Question, 'title' | 'names'>): Question {
  const type = given.names.length >= many ? text.many(given.names.length) : ''
  return { warning: '', consequences: [], type, verb: text.remove, ...given }
}

/** `all` are all containers that are known: they tell which images nobody uses after this. */
export function removeContainers(containers: readonly Container[], all: Iterable<Container> = []): Question {
  const running = runningOf(containers)
  const anonymous = containers.reduce((sum, container) => sum + anonymousVolumes(container), 0)
  const going = new Set(containers.map((c) => c.metadata?.name))
  const stillUsed = new Set([...all].filter((c) => !going.has(c.metadata?.name)).map((c) => c.status?.imageID))
  const images = [
    ...new Set(containers.filter((c) => !stillUsed.has(c.status?.imageID)).map((c) => visible(c.status?.image ?? ''))),
  ].filter((name) => name !== '')
  return question({
    title: text.container(containers.length),
    names: containers.map(nameOf),
    warning: running.length > 0 ? text.running(listed(running.map(nameOf)), running.length) : '',
    consequences: [
      text.writable(containers.length),
      ...(anonymous > 0 ? [text.anonymous(anonymous)] : []),
      text.kept,
      ...(images.length > 0 ? [text.lastUser(listed(images))] : []),
    ],
  })
}

export function killContainers(containers: readonly Container[]): Question {
  return question({
    title: text.kill(containers.length),
    names: containers.map(nameOf),
    consequences: [text.killed],
    type: '',
    verb: text.killVerb,
  })
}

export function removeImages(images: readonly Image[]): Question {
  const [only] = images
  if (images.length === 1 && only) return removeImage(only)
  const users = [...new Set(images.flatMap(usersOf))]
  return question({
    title: text.things(images.length, strings.views.images.toLowerCase()),
    names: images.map(imageName),
    warning: users.length > 0 ? text.inUse(listed(users)) : '',
    consequences: [text.imageGoes, ...frees(images)],
  })
}

function frees(images: readonly Image[]): string[] {
  const bytes = freed(images)
  return bytes > 0 ? [text.frees(size(bytes))] : []
}

function removeImage(image: Image): Question {
  const users = usersOf(image)
  const { repoTag = '', repoTags = [] } = image.status ?? {}
  const others = repoTags.filter((tag) => tag !== repoTag)
  const untag = repoTag !== '' && others.length > 0
  const last = repoTag === '' ? [] : [text.lastTag]
  return question({
    title: untag ? text.untag : text.image,
    names: [imageName(image)],
    warning: !untag && users.length > 0 ? text.inUse(listed(users)) : '',
    consequences: untag ? [text.tagOnly(listed(others.map(visible)))] : [...last, text.imageGoes, ...frees([image])],
  })
}

/** Data is lost here, so one volume's name has to be typed too. */
export function removeVolumes(volumes: readonly Volume[]): Question {
  const names = volumes.map((volume) => visible(volume.status?.name ?? ''))
  const users = [...new Set(volumes.flatMap(usersOf))]
  const [only = ''] = names
  return question({
    title: volumes.length === 1 ? text.volume : text.things(volumes.length, strings.views.volumes.toLowerCase()),
    names,
    warning: users.length > 0 ? text.inUse(listed(users)) : '',
    consequences: [text.data],
    type: volumes.length === 1 ? (isAnonymous(only) ? shortID(only) : only) : text.many(volumes.length),
  })
}

export function removeNetworks(networks: readonly Network[]): Question {
  const members = networks.flatMap((network) => (network.status?.members ?? []).map((m) => visible(m.name ?? m.id)))
  return question({
    title: networks.length === 1 ? text.network : text.things(networks.length, strings.views.networks.toLowerCase()),
    names: networks.map((network) => visible(network.status?.name ?? '')),
    warning: members.length > 0 ? text.networkMembers(listed([...new Set(members)])) : '',
    consequences: [text.networkGoes],
  })
}

function runningOf(containers: readonly Container[]): Container[] {
  return containers.filter((c) => ['running', 'paused', 'restarting'].includes(c.status?.status ?? ''))
}
