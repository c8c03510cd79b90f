import {
  EngineContainerd,
  EngineMoby,
  ProviderHost,
  ProviderLima,
  ProviderNative,
  type App,
  type ContainerEngine,
} from '../api/app.gen'

export const providers = [ProviderNative, ProviderHost, ProviderLima] as const
export const engines = [EngineMoby, EngineContainerd] as const

/** The settings of the engine as a form holds them: nothing is missing. */
export type Settings = Required<ContainerEngine>

export function settingsOf(app: App | undefined): Settings {
  const engine = app?.spec?.containerEngine
  return { provider: engine?.provider ?? '', name: engine?.name ?? EngineMoby, host: engine?.host ?? '' }
}

/** What is different, for a patch; undefined where nothing is. */
export function changeOf(from: Settings, to: Settings): ContainerEngine | undefined {
  const change: ContainerEngine = {}
  if (to.provider !== from.provider) change.provider = to.provider
  if (to.name !== from.name) change.name = to.name
  if (to.host.trim() !== from.host) change.host = to.host.trim()
  return Object.keys(change).length > 0 ? change : undefined
}

/** What applying means for what runs: said before it is done. */
export function consequence(
  from: Settings,
  to: Settings,
  running: boolean,
): 'none' | 'later' | 'restarts' | 'attaches' {
  if (!changeOf(from, to)) return 'none'
  if (!running) return 'later'
  return from.provider === ProviderHost ? 'attaches' : 'restarts'
}

/** Empty, a context's name, or an address with a scheme that Docker knows. */
export function goodHost(host: string): boolean {
  const text = host.trim()
  if (text === '') return true
  if (text.includes('://')) return /^(?:unix|tcp|ssh|npipe|https?):\/\/\S+$/.test(text)
  return /^[\w][\w.+-]*$/.test(text)
}
