// What the sheet of keys says.

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

export const sheet = { close: 'Close', keys }
