// What is said while an image is fetched from its registry.

export const pulling = {
  open: 'Pull…',
  title: 'Pull an image',
  reference: 'Image',
  referenceHint: 'Such as nginx, nginx:1.27, ghcr.io/team/app:main or localhost:5000/app. Without a tag it is latest.',
  platform: 'Platform',
  platformHint: 'Empty: the engine’s own. Else such as linux/arm64.',
  nameless: 'Name the image.',
  pull: 'Pull',
  close: 'Close',
  behind: 'Go on in the background',
  cancel: 'Cancel',
  dismiss: 'Dismiss',
  cancelOf: (image: string): string => `Cancel the pull of ${image}`,
  dismissOf: (image: string): string => `Dismiss the failed pull of ${image}`,
  list: 'Images that are being pulled',
  bar: 'Downloaded',
  withdrawn: 'The pull was cancelled elsewhere.',
  begun: 'Asking the registry…',
  layers: (done: number, all: number): string => `${String(done)} of ${String(all)} layers`,
  bytes: (current: string, total: string): string => `${current} of ${total}`,
}
