// What the parts of the page say that are fetched when they are needed. The rest stands in strings.ts.
import type { Theme } from '../stores/preferences.svelte'

const themes: Record<Theme, string> = {
  system: 'Like the system',
  light: 'Light',
  dark: 'Dark',
  contrast: 'High contrast',
}

const keys: readonly { title: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Everywhere',
    keys: [
      ['Ctrl+K  ⌘K', 'Find a page, a container, an action'],
      ['/', 'Search in the list'],
      ['1 … 7', 'Go to a page'],
      ['?', 'This sheet'],
    ],
  },
  {
    title: 'In a list',
    keys: [
      ['↑ ↓  Home End', 'Go from row to row'],
      ['← →', 'Close or open a group; reach what is in a row'],
      ['Enter', 'Open'],
      ['Space', 'Select'],
      ['Shift+↑ ↓', 'Select more'],
      ['Ctrl+A', 'Select all'],
      ['Esc', 'Clear the selection'],
    ],
  },
  {
    title: 'On a container',
    keys: [
      ['s', 'Start, stop or resume'],
      ['r', 'Restart'],
      ['p', 'Pause or resume'],
      ['Shift+K', 'Kill'],
      ['l', 'Logs; of a project, those of all of it'],
      ['Delete', 'Delete'],
    ],
  },
  {
    title: 'In a terminal',
    keys: [
      ['F6', 'Leave it, to the tabs above'],
      ['Ctrl+Shift+C', 'Copy what is selected'],
      ['Ctrl+Shift+V', 'Paste'],
    ],
  },
]

export const more = {
  close: 'Close',
  keys,
  palette: {
    page: 'Page',
    container: 'Container',
    project: 'Project',
    logsOfAll: (project: string): string => `Logs of all of ${project}`,
    action: 'Action',
    found: 'What can be done',
    nothing: 'Nothing fits.',
    logs: (name: string): string => `Logs of ${name}`,
    unused: {
      images: (n: number): string => `Select unused images (${String(n)})`,
      volumes: (n: number): string => `Select unused volumes (${String(n)})`,
      networks: (n: number): string => `Select unused networks (${String(n)})`,
    },
    chosen: (n: number): string => `${String(n)} selected containers`,
  },
  settings: {
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
  },
  diagnostics: {
    detail: 'Berth looks at itself, its engine and this machine, and says what to do.',
    again: 'Check again',
    checking: 'Checking…',
    copy: 'Copy as text',
    copied: 'Copied',
    at: (time: string): string => `Checked at ${time}`,
    failed: (why: string): string => `The checks could not be run: ${why}`,
    mend: 'To mend it:',
    levels: { ok: 'In order', warning: 'Warning', problem: 'Problem' },
    bundle: 'For a report: “berth bundle” in a terminal gathers logs and states in one file, without secrets.',
    allWell: 'All is in order.',
  },
  activity: {
    detail: 'What happened to the engine and to what it has, the newest first.',
    find: 'Search the activity',
    only: 'Only warnings',
    kinds: { App: 'Engine', Container: 'Container', Image: 'Image', Volume: 'Volume', Network: 'Network' },
    all: 'Everything',
    kind: 'What it is about',
    none: 'Nothing has happened yet.',
    nothing: 'Nothing fits.',
    by: (face: string): string => `by ${face}`,
    warning: 'Warning',
    more: (n: number): string => `Show ${String(n)} more`,
  },
}
