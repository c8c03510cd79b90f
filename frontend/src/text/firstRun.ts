// What is said to somebody who has never used Berth here.

export const first = {
  title: 'Welcome to Berth',
  detail: 'Containers need an engine. Choose where it runs; you can change it later in the settings.',
  where: 'Where the engine runs',
  ways: {
    native: {
      title: 'Berth’s own Docker',
      detail: 'A Docker daemon of its own on this machine. Nothing of another Docker is touched.',
    },
    host: {
      title: 'A Docker that is already there',
      detail: 'Berth attaches to it and shows what it has. It is never stopped by Berth.',
    },
    lima: {
      title: 'A virtual machine',
      detail: 'A small Linux machine that Berth keeps with Lima. It is fetched once, which takes some minutes.',
    },
  },
  looking: 'Looking at this machine…',
  here: 'All it needs is here.',
  notHere: 'Not available',
  refused: 'This version of Berth does not offer it yet.',
  closed: 'This is not available here. Choose another one.',
  unread: 'It could not be found out what else this machine can do.',
  begin: 'Start the engine',
  later: 'Containers, images and volumes belong to the engine that they are made in.',
}
