import { asApiError } from '../api/error'
import { visible } from '../lib/text'
import type { Berth } from './berth.svelte'

/** How much a volume holds, as backend/api/stream writes it. */
export interface Measure {
  /** Less than 0 where its driver can't tell. */
  bytes: number
  /** When it was measured. */
  at: string
}

export function parseMeasure(text: string): Measure | undefined {
  const parsed: unknown = JSON.parse(text)
  const known = typeof parsed === 'object' && parsed !== null && 'bytes' in parsed && 'at' in parsed
  if (!known || typeof parsed.bytes !== 'number' || typeof parsed.at !== 'string') return undefined
  return { bytes: parsed.bytes, at: parsed.at }
}

/** The size of one volume, which costs the engine a walk over all of them: it is measured when somebody asks. */
export class Measured {
  #measure = $state.raw<Measure>()
  #error = $state('')
  #measuring = $state(false)

  constructor(
    readonly berth: Berth,
    readonly path: string,
  ) {}

  get measure(): Measure | undefined {
    return this.#measure
  }

  get error(): string {
    return this.#error
  }

  get measuring(): boolean {
    return this.#measuring
  }

  async run(): Promise<void> {
    if (this.#measuring) return
    this.#measuring = true
    this.#error = ''
    try {
      this.#measure = parseMeasure(await this.berth.read(this.path))
    } catch (thrown) {
      this.#error = visible(asApiError(thrown).message)
    } finally {
      this.#measuring = false
    }
  }
}
