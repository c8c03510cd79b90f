import { asApiError } from '../api/error'
import { visible } from '../lib/text'
import type { Berth } from './berth.svelte'

/** What the engine itself says of an object, read when it is asked for. */
export class Inspected {
  #text = $state.raw('')
  #value = $state.raw<unknown>()
  #error = $state('')
  #reading = $state(false)

  constructor(
    readonly berth: Berth,
    readonly path: string,
  ) {
    void this.read()
  }

  /** As the engine wrote it, indented. */
  get text(): string {
    return this.#text
  }

  get value(): unknown {
    return this.#value
  }

  get error(): string {
    return this.#error
  }

  get reading(): boolean {
    return this.#reading
  }

  async read(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      const value: unknown = JSON.parse(await this.berth.read(this.path))
      this.#value = value
      this.#text = JSON.stringify(value, null, 2)
      this.#error = ''
    } catch (thrown) {
      this.#error = visible(asApiError(thrown).message)
    } finally {
      this.#reading = false
    }
  }
}

/** The environment in what the engine says of a container. */
export function environmentOf(value: unknown): { name: string; value: string }[] {
  const config = typeof value === 'object' && value !== null && 'Config' in value ? value.Config : undefined
  const env = typeof config === 'object' && config !== null && 'Env' in config ? config.Env : undefined
  if (!Array.isArray(env)) return []
  return env
    .filter((entry) => typeof entry === 'string')
    .map((entry) => {
      const equals = entry.indexOf('=')
      return equals < 0 ? { name: entry, value: '' } : { name: entry.slice(0, equals), value: entry.slice(equals + 1) }
    })
}

/** The same without the values of the environment. */
export function withoutSecrets(value: unknown, mask: string): unknown {
  if (typeof value !== 'object' || value === null || !('Config' in value)) return value
  const { Config: config } = value
  if (typeof config !== 'object' || config === null || !('Env' in config)) return value
  const env = environmentOf(value).map(({ name }) => `${name}=${mask}`)
  return { ...value, Config: { ...config, Env: env } }
}
