import {
  EngineContainerd,
  EngineMoby,
  ProviderHost,
  ProviderLima,
  ProviderNative,
  type App,
  type AppSpec,
  type ContainerEngine,
  type VM,
} from '../api/app.gen'

export const providers = [ProviderNative, ProviderHost, ProviderLima] as const
export const engines = [EngineMoby, EngineContainerd] as const

/** The machine of provider lima as a form holds it: empty means that Berth chooses. */
export interface MachineForm {
  cpus: string
  memory: string
  disk: string
  /** One folder a line; " (write)" behind it lets containers change it. */
  mounts: string
}

/** The settings of the engine as a form holds them: nothing is missing. */
export type Settings = Required<ContainerEngine> & { machine: MachineForm }

const writable = /\s+\(write\)$/

export function settingsOf(app: App | undefined): Settings {
  const engine = app?.spec?.containerEngine
  return {
    provider: engine?.provider ?? '',
    name: engine?.name ?? EngineMoby,
    host: engine?.host ?? '',
    machine: machineForm(app?.spec?.vm),
  }
}

function machineForm(vm: VM | undefined): MachineForm {
  return {
    cpus: (vm?.cpus ?? 0) === 0 ? '' : String(vm?.cpus),
    memory: vm?.memory ?? '',
    disk: vm?.disk ?? '',
    mounts: (vm?.mounts ?? []).map(({ path, writable: w }) => (w === true ? `${path} (write)` : path)).join('\n'),
  }
}

function machineOf(form: MachineForm): Required<VM> {
  const mounts = form.mounts
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => (writable.test(line) ? { path: line.replace(writable, ''), writable: true } : { path: line }))
  return { cpus: Number(form.cpus.trim() || 0), memory: form.memory.trim(), disk: form.disk.trim(), mounts }
}

/** What is different, for a patch; undefined where nothing is. */
export function changeOf(from: Settings, to: Settings): Pick<AppSpec, 'containerEngine' | 'vm'> | undefined {
  const engine: ContainerEngine = {}
  if (to.provider !== from.provider) engine.provider = to.provider
  if (to.name !== from.name) engine.name = to.name
  if (to.host.trim() !== from.host) engine.host = to.host.trim()
  const vm: VM = {}
  if (to.provider === ProviderLima) {
    const [before, after] = [machineOf(from.machine), machineOf(to.machine)]
    if (after.cpus !== before.cpus) vm.cpus = after.cpus
    if (after.memory !== before.memory) vm.memory = after.memory
    if (after.disk !== before.disk) vm.disk = after.disk
    if (JSON.stringify(after.mounts) !== JSON.stringify(before.mounts)) vm.mounts = after.mounts
  }
  const change = {
    ...(Object.keys(engine).length > 0 ? { containerEngine: engine } : {}),
    ...(Object.keys(vm).length > 0 ? { vm } : {}),
  }
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

/** Which fields of the machine make no sense. The daemon checks more; this is said while somebody types. */
export function wrongMachine(form: MachineForm): (keyof MachineForm)[] {
  const quantity = /^(?:\d+(?:\.\d+)?(?:[KMGT]i?|k)?)?$/
  const { mounts } = machineOf(form)
  const paths = mounts.map(({ path }) => path)
  const wrong: Record<keyof MachineForm, boolean> = {
    cpus: !/^\d{0,3}$/.test(form.cpus.trim()),
    memory: !quantity.test(form.memory.trim()),
    disk: !quantity.test(form.disk.trim()),
    mounts: paths.some((path) => !/^(?:\/|[A-Za-z]:[\\/])/.test(path)) || new Set(paths).size < paths.length,
  }
  return (Object.keys(wrong) as (keyof MachineForm)[]).filter((field) => wrong[field])
}
