import type { Container, Image, Volume } from '../api/containers.gen'
import { anonymousVolumes, nameOf } from './containers'
import { imageName } from './images'
import { strings } from './strings'
import { listed, visible } from './text'

/** What is asked before something is lost. */
export interface Question {
  title: string
  names: string[]
  /** What needs attention before all else, such as that it runs. */
  warning: string
  /** What else goes, and what stays. */
  consequences: string[]
}

const text = strings.confirm

export function removeContainers(containers: readonly Container[]): Question {
  const running = containers.filter((c) => ['running', 'paused', 'restarting'].includes(c.status?.status ?? ''))
  const anonymous = containers.reduce((sum, container) => sum + anonymousVolumes(container), 0)
  return {
    title: text.container(containers.length),
    names: containers.map(nameOf),
    warning: running.length > 0 ? text.running(listed(running.map(nameOf)), running.length) : '',
    consequences: [text.writable(containers.length), ...(anonymous > 0 ? [text.anonymous(anonymous)] : []), text.kept],
  }
}

export function removeImage(image: Image, users: readonly string[]): Question {
  const { repoTag = '', repoTags = [] } = image.status ?? {}
  const others = repoTags.filter((tag) => tag !== repoTag)
  const untag = repoTag !== '' && others.length > 0
  const last = repoTag === '' ? [] : [text.lastTag]
  return {
    title: untag ? text.untag : text.image,
    names: [imageName(image)],
    warning: !untag && users.length > 0 ? text.inUse(listed(users)) : '',
    consequences: untag ? [text.tagOnly(listed(others.map(visible)))] : [...last, text.imageGoes],
  }
}

export function removeVolume(volume: Volume, users: readonly string[]): Question {
  return {
    title: text.volume,
    names: [visible(volume.status?.name ?? '')],
    warning: users.length > 0 ? text.inUse(listed(users)) : '',
    consequences: [text.data],
  }
}
