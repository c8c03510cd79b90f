// What Diagnostics say.

export const diagnostics = {
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
}
