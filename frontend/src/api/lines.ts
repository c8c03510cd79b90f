/** Cuts chunks of text into lines. What follows the last line break waits for the next chunk. */
export class LineSplitter {
  /** The line that is not whole yet, in the pieces it came in: one of many megabytes is put together only once. */
  #rest: string[] = []

  push(chunk: string): string[] {
    if (!chunk.includes('\n')) {
      this.#rest.push(chunk)
      return []
    }
    this.#rest.push(chunk)
    const parts = this.#rest.join('').split('\n')
    this.#rest = [parts.pop() ?? '']
    return parts.filter((line) => line !== '')
  }

  /** The line that had no break at its end. */
  end(): string[] {
    const last = this.#rest.join('')
    this.#rest = []
    return last === '' ? [] : [last]
  }
}
