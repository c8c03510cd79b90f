// What is said while a volume or a network is made.

const name = 'Name'
const nameHint = 'Letters, digits, “_”, “.” and “-”.'

export const making = {
  cancel: 'Cancel',
  make: 'Create',
  going: 'Asking the engine…',
  nameless: 'Say how it is to be called.',
  badName: 'A name has letters, digits, “_”, “.” and “-”, and begins with a letter or a digit.',
  failed: (why: string): string => `It was not made: ${why}`,
  volumes: {
    open: 'Create…',
    title: 'Create a volume',
    name,
    nameHint: `${nameHint} A volume of that name that is there already stays as it is.`,
  },
  networks: {
    open: 'Create…',
    title: 'Create a network',
    name,
    nameHint,
    subnet: 'Addresses',
    subnetHint: 'Empty: the engine chooses. Else a range such as 10.5.0.0/16.',
    internal: 'Internal',
    internalHint: 'Containers in it reach each other, and nothing outside.',
  },
}
