import { asApiError } from '../api/error'
import { desktopPath } from '../api/kinds'
import { visible } from '../lib/text'
import type { Berth } from './berth.svelte'

/** How this user's desktop stands to Berth, as backend/desktop writes it. */
export interface DeskState {
  autostart?: { on: boolean; way?: string; file?: string }
  autostartError?: string
  context?: { current: string; switched: boolean; context?: { name?: string } }
  contextError?: string
}

export function parseDesk(text: string): DeskState {
  const parsed: unknown = JSON.parse(text)
  if (typeof parsed !== 'object' || parsed === null) return {}
  return parsed
}

export type DeskWish = 'autostart' | 'context'

/** What belongs to the user's desktop. It is read when somebody looks, and after each change. */
export class Desk {
  #state = $state.raw<DeskState>()
  #error = $state('')
  #refused = $state('')
  #changing = $state<DeskWish | ''>('')

  constructor(readonly berth: Berth) {
    void this.read()
  }

  get state(): DeskState | undefined {
    return this.#state
  }

  /** Why nothing is known. */
  get error(): string {
    return this.#error
  }

  /** Why the last wish was not carried out. */
  get refused(): string {
    return this.#refused
  }

  get changing(): DeskWish | '' {
    return this.#changing
  }

  async read(): Promise<void> {
    try {
      this.#state = parseDesk(await this.berth.read(desktopPath))
      this.#error = ''
    } catch (thrown) {
      this.#error = visible(asApiError(thrown).message)
    }
  }

  async wish(what: DeskWish, on: boolean): Promise<void> {
    if (this.#changing !== '') return
    this.#changing = what
    this.#refused = ''
    try {
      this.#state = parseDesk(await this.berth.post(desktopPath, { [what]: on }))
    } catch (thrown) {
      this.#refused = visible(asApiError(thrown).message)
    } finally {
      this.#changing = ''
    }
  }
}
