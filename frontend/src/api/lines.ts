/** Cuts chunks of text into lines. What follows the last line break waits for the next chunk. */
export class LineSplitter {
  #rest = ''

  push(chunk: string): string[] {
    const parts = (this.#rest + chunk).split('\n')
    this.#rest = parts.pop() ?? ''
    return parts.filter((line) => line !== '')
  }

  /** The line that had no break at its end. */
  end(): string[] {
    const last = this.#rest
    this.#rest = ''
    return last === '' ? [] : [last]
  }
}
