// What the settings say: of the page and of the engine, and then of the machine and of the desktop.
import type { Theme } from '../stores/preferences.svelte'

const themes: Record<Theme, string> = {
  system: 'Like the system',
  light: 'Light',
  dark: 'Dark',
  contrast: 'High contrast',
}

export const settings = {
  theme: 'Theme',
  themes,
  look: 'Look',
  lookDetail: 'Kept on this machine, for this window.',
  engine: 'Engine',
  provider: 'Where the engine runs',
  providers: {
    native: 'Berth’s own Docker',
    host: 'A Docker that is already there',
    lima: 'A virtual machine',
  },
  providerDetail: {
    native: 'A Docker daemon of its own on this machine (Linux). Nothing of another Docker is touched.',
    host: 'Berth attaches to it, and never starts or stops it.',
    lima: 'A Linux machine that Berth keeps with Lima.',
  },
  name: 'Container engine',
  names: { moby: 'Docker (moby)', containerd: 'containerd (nothing is shown of it)' },
  host: 'Docker context or address',
  hostDetail:
    'Such as “default”, “unix:///var/run/docker.sock” or “ssh://user@host”. Empty means your current context.',
  apply: 'Apply',
  revert: 'Undo changes',
  saved: 'Applied.',
  unchanged: 'Nothing is changed.',
  restarts: 'To apply this the engine is stopped and started again. Running containers are stopped with it.',
  attaches: 'To apply this Berth lets go of the engine and takes the other. What is shown changes with it.',
  later: 'It takes effect at the next start of the engine.',
  refused: (why: string): string => `This can’t be applied: ${why}`,
  badHost: 'That is neither the name of a context nor an address.',
  unread: 'The settings can be changed once Berth’s daemon answers.',
}

export const own = {
  machine: 'The machine',
  fields: {
    cpus: { label: 'Processors', hint: 'Empty: half of this computer’s, four at most.', wrong: 'A whole number.' },
    memory: {
      label: 'Memory',
      hint: 'Such as 4Gi. Empty: a quarter of this computer’s, 2Gi to 8Gi.',
      wrong: 'An amount such as 4Gi or 512Mi.',
    },
    disk: {
      label: 'Disk',
      hint: 'Such as 64Gi, which is usual. It takes space as it fills, and can only grow.',
      wrong: 'An amount such as 64Gi.',
    },
    mounts: {
      label: 'Folders that containers can use',
      hint: 'One a line, under the same path inside. “ (write)” behind it lets containers change it.',
      wrong: 'Each has to be a whole path, and once only.',
    },
  },
  badMachine: 'Something about the machine makes no sense yet.',
  desktop: 'This desktop',
  desktopDetail: 'Takes effect at once.',
  autostart: 'Start Berth when I log in',
  autostartDetail: 'Without a window, and with its engine if that was running.',
  autostartBy: (way: string, file: string): string => `By ${way}: ${file}`,
  context: 'Have the docker command use Berth’s engine',
  contextNow: (name: string): string => `docker uses the context “${name}” now.`,
  contextDetail: 'Until the engine stops; then docker uses again what it used before.',
  contextAbsent: 'There is a docker context of Berth’s while its engine runs.',
  changing: 'Changing…',
  unread: (why: string): string => `It is not known how this stands: ${why}`,
  refused: (why: string): string => `That did not work: ${why}`,
}
