import { painted, parseLine } from '../lib/log'
import { plain } from '../lib/sgr'
import type { Berth } from './berth.svelte'

/** As many lines as usually hold a program's last words. */
const most = 20

/** The end of a log, read once: what a program that ended said last. Empty where there is none or it can't be read. */
export class LastLines {
  #lines = $state.raw<readonly string[]>([])

  constructor(berth: Berth, container: string) {
    const path = berth.side('containers', container, 'log', { tailLines: String(most), format: 'json' })
    berth.read(path).then(
      (answer) => {
        this.#lines = answer
          .split('\n')
          .map((text) => parseLine(text)?.line)
          .filter((line) => line !== undefined)
          .map((line) => plain(line.slice(0, painted)))
      },
      () => undefined, // The log's own page says why it can't be read.
    )
  }

  get lines(): readonly string[] {
    return this.#lines
  }
}
