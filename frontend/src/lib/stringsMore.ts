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
      ['l', 'Logs'],
      ['Delete', 'Delete'],
    ],
  },
]

export const more = {
  close: 'Close',
  keys,
  palette: {
    page: 'Page',
    container: 'Container',
    action: 'Action',
    found: 'What can be done',
    nothing: 'Nothing fits.',
    logs: (name: string): string => `Logs of ${name}`,
    chosen: (n: number): string => `${String(n)} selected containers`,
  },
  settings: { theme: 'Theme', themes },
}
