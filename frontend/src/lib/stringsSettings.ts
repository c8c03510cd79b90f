// What the settings say of the machine and of the desktop.

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
