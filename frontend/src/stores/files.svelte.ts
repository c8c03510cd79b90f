import { saveAnswer } from '../api/desktop'
import { asApiError } from '../api/error'
import { ordered, parseFolder, type Entry } from '../lib/folder'
import { isText, joined, parentOf, savedName } from '../lib/paths'
import { sides } from '../text/sides'
import { byName, harmless, visible } from '../lib/text'
import type { Berth } from './berth.svelte'

const text = sides.files
/** As much of a file as is shown. */
export const shownBytes = 256 * 1024

/** A file that is looked at. */
export interface Viewed {
  path: string
  /** Undefined for what is no text. */
  text: string | undefined
  /** The whole file's, where it is known. */
  size: number
}

/** The file system of one container, and where in it somebody is. */
export class Files {
  #path = $state('/')
  #entries = $state.raw<readonly Entry[]>()
  #more = $state(false)
  #reading = $state('')
  #error = $state('')
  #viewed = $state.raw<Viewed>()
  #saved = $state('')
  /** The entry that has or last had the focus. */
  active = $state('')
  /** What was asked last: an answer to anything before is late. */
  #asked = 0

  constructor(
    readonly berth: Berth,
    readonly container: string,
  ) {}

  get path(): string {
    return this.#path
  }

  /** Undefined until the first answer. */
  get entries(): readonly Entry[] | undefined {
    return this.#entries
  }

  get more(): boolean {
    return this.#more
  }

  /** What is being read; empty when nothing is. */
  get reading(): string {
    return this.#reading
  }

  get error(): string {
    return this.#error
  }

  get viewed(): Viewed | undefined {
    return this.#viewed
  }

  /** What became of the last download, where that can be known. */
  get saved(): string {
    return this.#saved
  }

  /** Lists a folder. `active` is the entry to stand on. */
  async go(path: string, active = ''): Promise<void> {
    await this.#read(path, async () => {
      const folder = parseFolder(await this.berth.read(this.#address({ path })))
      return () => {
        this.#path = path
        this.#entries = ordered(folder?.entries ?? [], byName)
        this.#more = folder?.more === true
        this.active = active
        this.#viewed = undefined
      }
    })
  }

  async up(): Promise<void> {
    const from = this.#path
    if (from !== '/') await this.go(parentOf(from), from.split('/').at(-1))
  }

  /** Opens an entry: a folder, the text of a file, or what a link leads to. */
  async open(entry: Entry): Promise<void> {
    const path = joined(this.#path, entry.name)
    if (entry.type === 'folder') await this.go(path)
    else if (entry.type !== 'other' && !(await this.#view(path, entry))) await this.go(path)
  }

  close(): void {
    this.#viewed = undefined
  }

  /** Keeps a file as it is, or a folder as a tar archive. */
  async download(path: string, folder: boolean): Promise<void> {
    this.#saved = ''
    const query: Record<string, string> = folder ? { path, archive: 'true' } : { path, raw: 'true' }
    try {
      const where = await saveAnswer(this.#address(query), savedName(path, folder ? '.tar' : ''))
      if (where) this.#saved = text.saved(visible(where))
    } catch (thrown) {
      this.#saved = text.notSaved(visible(asApiError(thrown).message))
    }
  }

  /** False for a link that leads to a folder. */
  async #view(path: string, entry: Entry): Promise<boolean> {
    let isFolder = false
    await this.#read(path, async () => {
      try {
        const raw = await this.berth.read(this.#address({ path, raw: 'true', limitBytes: String(shownBytes) }))
        const viewed = {
          path,
          size: entry.type === 'file' ? entry.size : 0,
          text: isText(raw) ? readable(raw) : undefined,
        }
        return () => {
          this.active = entry.name
          this.#viewed = viewed
        }
      } catch (thrown) {
        isFolder = entry.type === 'link' && asApiError(thrown).status === 400
        if (!isFolder) throw thrown
        return () => undefined
      }
    })
    return !isFolder
  }

  /** Reads something and then takes it over, unless something else was asked for meanwhile. */
  async #read(path: string, read: () => Promise<() => void>): Promise<void> {
    const own = ++this.#asked
    this.#reading = path
    this.#error = ''
    try {
      const take = await read()
      if (own === this.#asked) take()
    } catch (thrown) {
      const error = asApiError(thrown)
      if (own !== this.#asked) return
      this.#error = error.status === 404 ? text.missing(visible(path)) : text.failed(visible(error.message))
    } finally {
      if (own === this.#asked) this.#reading = ''
    }
  }

  #address(query: Record<string, string>): string {
    return this.berth.side('containers', this.container, 'files', query)
  }
}

/** All of it as text that does no harm; lines and tabs stay what they are. */
function readable(raw: string): string {
  return raw
    .split(/(\r?\n|\t)/)
    .map((piece) => (piece === '\t' ? piece : /^\r?\n$/.test(piece) ? '\n' : harmless(piece)))
    .join('')
}

const remembered = 12

/** Where somebody was in the containers that were looked at last. */
export class Browsings {
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nobody watches which are remembered
  readonly #all = new Map<string, Files>()

  of(berth: Berth, container: string): Files {
    const found = this.#all.get(container) ?? new Files(berth, container)
    this.#all.delete(container)
    this.#all.set(container, found)
    for (const old of this.#all.keys()) {
      if (this.#all.size <= remembered) break
      this.#all.delete(old)
    }
    return found
  }
}

export const browsings = new Browsings()
