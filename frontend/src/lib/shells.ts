/** What somebody may want to be run in a terminal. */
export const shells = ['auto', 'bash', 'ash', 'sh'] as const
export type Shell = (typeof shells)[number]

/** The commands to try for a wish, in their order. */
export function commandsOf(shell: Shell): readonly (readonly string[])[] {
  if (shell !== 'auto') return [[shell]]
  return [
    // One question finds the best of them in nearly every image.
    [
      'sh',
      '-c',
      'if command -v bash >/dev/null; then exec bash; elif command -v ash >/dev/null; then exec ash; fi; exec sh',
    ],
    ['bash'],
    ['ash'],
    ['busybox', 'sh'],
  ]
}

/** What an engine says when the command is not in the image; it says so as the program's output, or as a refusal. */
export function isMissing(said: string): boolean {
  return (
    /(?:OCI runtime|runc|crun|exec) .*(?:executable file not found|no such file or directory|not found)/is.test(said) ||
    /executable file .* not found in \$PATH/i.test(said)
  )
}

/** What may still become such a message: it is not shown before it is known. */
export function mayBeMissing(said: string): boolean {
  const begins = ['OCI runtime exec failed', 'runc exec failed', 'crun: executable', 'exec failed']
  return begins.some((head) => said.startsWith(head) || head.startsWith(said))
}

/** Asks for a command with a terminal. */
export function execQuery(command: readonly string[]): string {
  const query = new URLSearchParams({ stdin: 'true', stdout: 'true', tty: 'true', env: 'TERM=xterm-256color' })
  for (const word of command) query.append('command', word)
  return query.toString()
}
