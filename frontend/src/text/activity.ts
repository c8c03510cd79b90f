// What Activity says.

export const activity = {
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
}
