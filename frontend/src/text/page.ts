// What the page says wherever one is in it, and in its lists.
import type { Look, Switch } from '../lib/containers'
import type { Verb } from '../lib/actions'
import type { Phase } from '../lib/readiness'

interface PhaseText {
  /** What is so. */
  title: string
  /** What it means, or what to do; shown where nothing more exact is known. */
  detail: string
  /** Why a control that needs the engine is disabled. */
  reason: string
}

const phases: Record<Phase, PhaseText> = {
  contacting: {
    title: 'Connecting to Berth',
    detail: 'Asking the daemon what is there.',
    reason: 'Berth is still connecting.',
  },
  unreachable: {
    title: 'Berth’s daemon does not answer',
    detail:
      'Trying again by itself. If it stays away, run “berth start” in a terminal, then “berth ui” for a new page. “berth paths log” names its log.',
    reason: 'Berth’s daemon does not answer.',
  },
  signedOut: {
    title: 'This page has no session',
    detail: 'The address works once and for one browser. Run “berth ui” in a terminal to open a new one.',
    reason: 'This page has no session.',
  },
  outdated: {
    title: 'Berth was updated',
    detail: 'The daemon is a newer Berth than this page. Reload the page; a window has to be closed and opened again.',
    reason: 'Berth was updated. Reload the page first.',
  },
  fresh: {
    title: 'No engine yet',
    detail: 'Choose where containers run.',
    reason: 'Choose first where the engine runs.',
  },
  stopped: {
    title: 'The engine is stopped',
    detail: 'Your containers, images and volumes are kept. Start the engine to use them.',
    reason: 'The engine is stopped. Start it first.',
  },
  stopping: {
    title: 'The engine is stopping',
    detail: 'Containers get a moment to end in order.',
    reason: 'The engine is stopping.',
  },
  starting: {
    title: 'The engine is starting',
    detail: 'This takes a few seconds.',
    reason: 'The engine is starting.',
  },
  restarting: {
    title: 'The engine restarts for a new setting',
    detail: 'It is back in a few seconds.',
    reason: 'The engine restarts for a new setting.',
  },
  ready: { title: 'The engine is running', detail: '', reason: '' },
  reconnecting: {
    title: 'Reconnecting to the engine',
    detail: 'It runs, but does not answer. Berth tries again by itself.',
    reason: 'The engine does not answer.',
  },
  crashed: {
    title: 'The engine ended unexpectedly',
    detail: 'Berth is starting it again.',
    reason: 'The engine ended unexpectedly.',
  },
  failed: {
    title: 'The engine did not start',
    detail: 'Read what went wrong, then try again.',
    reason: 'The engine did not start.',
  },
  gaveUp: {
    title: 'The engine ended too often',
    detail: 'Berth has stopped starting it again. Its log may say why it ends.',
    reason: 'The engine ended too often and is not started again by itself.',
  },
  denied: {
    title: 'You may not use this engine',
    detail: 'It runs, and its socket belongs to somebody else.',
    reason: 'This user may not use the engine.',
  },
  mismatch: {
    title: 'This engine is too old',
    detail: 'Berth needs Docker 20.10 or newer.',
    reason: 'The engine is too old for Berth.',
  },
  stopFailed: {
    title: 'The engine did not stop',
    detail: 'Try again, or look into its log.',
    reason: 'The engine is being stopped.',
  },
  notMirrored: {
    title: 'containerd is running',
    detail: 'Berth shows containers of Docker only. Use nerdctl for these, or switch the engine to moby.',
    reason: 'containerd’s containers are not shown.',
  },
}

const looks: Record<Look, string> = {
  running: 'Running',
  starting: 'Running',
  unhealthy: 'Running',
  paused: 'Paused',
  restarting: 'Restarting',
  created: 'Created',
  exited: 'Exited',
  failed: 'Failed',
  unknown: 'Unknown',
}

const pending: Record<string, string> = {
  start: 'starting…',
  stop: 'stopping…',
  restart: 'restarting…',
  pause: 'pausing…',
  unpause: 'resuming…',
  kill: 'killing…',
  delete: 'deleting…',
}

const verbs: Record<Verb, string> = {
  start: 'Start',
  stop: 'Stop',
  restart: 'Restart',
  pause: 'Pause',
  unpause: 'Resume',
  kill: 'Kill',
  delete: 'Delete',
}

const switches: Record<Switch, string> = { start: 'Start', stop: 'Stop', unpause: 'Resume' }

function count(n: number, one: string, many = `${one}s`): string {
  return `${String(n)} ${n === 1 ? one : many}`
}

export const strings = {
  brand: 'Berth',
  phases,
  looks,
  switches,
  verbs,
  pending: (action: string): string => pending[action] ?? `${action}…`,
  asOf: (time: string): string => `as of ${time}`,
  views: {
    containers: 'Containers',
    images: 'Images',
    volumes: 'Volumes',
    networks: 'Networks',
    activity: 'Activity',
    settings: 'Settings',
    diagnostics: 'Diagnostics',
  },
  palette: { open: 'Find a page, a container, an action', short: 'Find…' },
  keys: { open: 'Shortcuts' },
  loading: 'Loading…',
  broken: 'This part of the page could not be loaded. Reload the page once Berth’s daemon answers.',
  nav: 'Views',
  engine: {
    region: 'Engine',
    start: 'Start engine',
    stop: 'Stop engine',
    cancel: 'Cancel start',
    retry: 'Try again',
    details: 'Details',
    working: (name: string): string => `${name} is running`,
    docker: (version: string): string => `Docker ${version}`,
    steps: 'Steps of the start',
    usually: (time: string): string => `usually ${time}`,
    total: (time: string, usual: string): string => `${time} so far; a start usually takes ${usual} here.`,
    stepStates: { active: 'in progress', done: 'done', failed: 'failed' },
    slow: 'This takes longer than it should. You can go on waiting, or cancel and try again; “berth paths engine-log” names its log.',
    log: 'The last lines of its log',
    hint: 'What to do',
    setUp: 'Set up',
    reload: 'Reload',
    next: 'Next steps',
    other: 'Choose another engine',
    diagnose: 'Look for the cause',
  },
  search: {
    label: (view: string): string => `Search ${view.toLowerCase()}`,
    clear: 'Clear search',
    nothing: (query: string): string => `Nothing matches “${query}”`,
    nothingDetail: 'Every word has to be found in a row.',
    suggestions: 'Ways to go on',
  },
  summary: {
    containers: (running: number, all: number): string => `${String(running)} running of ${String(all)}`,
    images: (n: number, bytes: string): string => `${count(n, 'image')}, ${bytes}`,
    volumes: (n: number): string => count(n, 'volume'),
    networks: (n: number): string => count(n, 'network'),
    found: (n: number, all: number): string => `${String(n)} of ${String(all)}`,
    reading: 'Reading…',
  },
  columns: {
    name: 'Name',
    image: 'Image',
    ports: 'Ports',
    created: 'Created',
    tag: 'Image',
    size: 'Size',
    users: 'Used by',
    driver: 'Driver',
    actions: 'Actions',
    chosen: 'Selected',
    state: 'State',
    cpu: 'CPU',
    memory: 'Memory',
    started: 'Started',
    service: 'Service',
    restarts: 'Restarts',
    id: 'ID',
    subnets: 'Subnets',
    members: 'Members',
    choose: 'Choose columns',
    grouped: 'Group by project',
    usual: 'As usual',
    sort: (column: string): string => `Sort by ${column.toLowerCase()}`,
  },
  select: {
    count: (n: number): string => `${String(n)} selected`,
    clear: 'Clear selection',
    unused: (n: number): string => `Select unused (${String(n)})`,
    unusedTip: 'No container uses them. Nothing is deleted yet.',
    bar: 'Actions on the selection',
    result: (verb: string, done: number, all: number): string => `${verb}: ${String(done)} of ${String(all)} done`,
    going: (verb: string, done: number, all: number): string => `${verb}: ${String(done)} of ${String(all)}…`,
    failed: (n: number): string => `${String(n)} failed`,
    dismiss: 'Dismiss',
  },
  held: {
    waiting: (n: number): string => `Show ${count(n, 'new row')} above`,
    gone: 'gone',
  },
  menu: { more: (name: string): string => `More for ${name}`, open: 'Open', logs: 'Logs', copyID: 'Copy ID' },
  group: {
    rollup: (running: number, all: number): string => `${String(running)} of ${String(all)} running`,
    restart: (project: string): string => `Restart all of ${project}`,
    start: (project: string): string => `Start all of ${project}`,
    stop: (project: string): string => `Stop all of ${project}`,
    remove: (project: string): string => `Delete all of ${project}`,
    logs: (project: string): string => `Logs of all of ${project}`,
  },
  row: {
    act: (verb: string, name: string): string => `${verb} ${name}`,
    remove: (name: string): string => `Delete ${name}`,
    dismiss: 'Dismiss this message',
    exitCode: (code: number): string => `exit code ${String(code)}`,
    oom: 'out of memory',
    open: (url: string): string => `Open ${url}`,
    upFor: (time: string): string => `for ${time}`,
    health: { starting: ' · check pending', unhealthy: ' · unhealthy', healthy: ' · healthy' },
    ago: (time: string): string => `${time} ago`,
    untagged: 'untagged',
    anonymous: 'Anonymous',
    unused: 'not used',
    inUse: 'In use',
    builtIn: 'The engine made this network itself and needs it: it can’t be deleted.',
    builtInTag: 'built in',
    internal: 'internal',
    noMembers: 'nobody',
    waits: 'waits: ',
  },
  empty: {
    containers: {
      title: 'No containers yet',
      detail: 'Run one in a terminal, and it appears here at once:',
      command: (docker: string): string => `${docker} run -d --name hello -p 8080:80 nginx`,
    },
    images: {
      title: 'No images yet',
      detail: 'Pull one above, or pull or build one in a terminal, and it appears here at once:',
      command: (docker: string): string => `${docker} pull nginx`,
    },
    volumes: {
      title: 'No volumes yet',
      detail: 'Create one above, or in a terminal, and it appears here at once:',
      command: (docker: string): string => `${docker} volume create data`,
    },
    networks: {
      title: 'No networks yet',
      detail: 'Create one above, or in a terminal, and it appears here at once:',
      command: (docker: string): string => `${docker} network create backend`,
    },
    copy: 'Copy command',
    copied: 'Copied',
  },
  confirm: {
    cancel: 'Cancel',
    remove: 'Delete',
    container: (n: number): string => (n === 1 ? 'Delete this container?' : `Delete these ${String(n)} containers?`),
    image: 'Delete this image?',
    things: (n: number, what: string): string => `Delete these ${String(n)} ${what}?`,
    network: 'Delete this network?',
    networkGoes: 'Containers can no longer reach each other over it.',
    networkMembers: (names: string): string => `Connected: ${names}. It will be deleted once nobody is.`,
    kill: (n: number): string => (n === 1 ? 'Kill this container?' : `Kill these ${String(n)} containers?`),
    killed: 'Its programs end at once and can save nothing.',
    killVerb: 'Kill',
    type: (text: string): string => `Type “${text}” to confirm`,
    many: (n: number): string => `delete ${String(n)}`,
    lastUser: (images: string): string => `Nobody uses ${images} after that.`,
    hold: 'What is typed does not match yet.',
    untag: 'Remove this tag?',
    volume: 'Delete this volume?',
    writable: (n: number): string =>
      n === 1 ? 'What was written inside it goes with it.' : 'What was written inside them goes with them.',
    running: (names: string, n: number): string =>
      n === 1 ? `${names} is running and will be killed.` : `${names} are running and will be killed.`,
    anonymous: (n: number): string =>
      `${count(n, 'anonymous volume')} will be deleted with ${n === 1 ? 'its' : 'their'} data.`,
    kept: 'Named volumes and images are kept.',
    tagOnly: (others: string): string => `Only this tag goes. The image stays as ${others}.`,
    lastTag: 'It is the image’s last tag, so the image goes with it.',
    imageGoes: 'To have it again it must be pulled or built again.',
    frees: (bytes: string): string => `This frees ${bytes}, less what other images share.`,
    data: 'All data in it is lost. There is no undo.',
    inUse: (names: string): string => `In use by ${names}. It will be deleted once nobody uses it.`,
  },
}
