import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import { AppName, DefaultNamespace, type Activity, type App, type AppSpec, type Provider } from '../api/app.gen'
import { newClient, type Client } from '../api/client'
import type {
  Container,
  ContainerCreate,
  ContainerCreateSpec,
  Image,
  ImagePull,
  ImagePullSpec,
  Network,
  NetworkCreate,
  NetworkCreateSpec,
  Volume,
  VolumeCreate,
  VolumeCreateSpec,
} from '../api/containers.gen'
import { asApiError } from '../api/error'
import {
  activitiesPath,
  appsPath,
  createsPath,
  kindPath,
  makesPath,
  pullsPath,
  sidePath,
  usagePath,
  versionPath,
  type KindName,
} from '../api/kinds'
import type { Transport } from '../api/transport'
import { nowText } from '../lib/quantity'
import { readiness, type Engine } from '../lib/readiness'
import { visible } from '../lib/text'
import { Collection } from './collection.svelte'
import { Usages } from './usages.svelte'

interface Mirrors {
  namespace: string
  containers: Collection<Container>
  images: Collection<Image>
  volumes: Collection<Volume>
  networks: Collection<Network>
  usages: Usages
}

/** What can be made by its name. */
export type Made = 'volumes' | 'networks'

/** Why a wish about one object was refused; `id` tells one refusal from the next. */
export interface Trouble {
  id: string
  text: string
}

/** All that the page knows, and what it can ask for. */
export class Berth {
  readonly #client: Client
  readonly #transport: Transport
  #activities: Collection<Activity> | undefined
  readonly #apps: Collection<App>
  #pulls: Collection<ImagePull> | undefined
  readonly #makings: Partial<Record<Made, Collection<VolumeCreate | NetworkCreate>>> = {}
  #creates = $state.raw<Collection<ContainerCreate>>()
  /** The version of the daemon that this page came with, and whether there is another one now. */
  #version = ''
  #outdated = $state(false)
  readonly #app = $derived.by(() => this.#apps.items.get(AppName))
  readonly #engine = $derived.by(() => readiness(this.#app, this.#apps.link, this.#outdated))
  #mirrors = $state.raw<Mirrors>()
  /** Wishes that the daemon has not answered yet, by object name. */
  readonly #asking = new SvelteMap<string, string>()
  readonly #refused = new SvelteMap<string, Trouble>()
  readonly #dismissed = new SvelteSet<string>()
  #switching = $state(false)
  #switchError = $state('')
  readonly #stop: () => void

  constructor(transport: Transport) {
    this.#client = newClient(transport)
    this.#transport = transport
    this.#apps = new Collection<App>(transport, appsPath)
    this.#stop = $effect.root(() => {
      const live = $derived(this.#apps.live)
      $effect(() => {
        if (live) void this.#compareVersion()
      })
      $effect(() => {
        const app = this.#app
        if (app) this.#watchNamespace(transport, app.spec?.namespace ?? DefaultNamespace)
      })
    })
  }

  get app(): App | undefined {
    return this.#app
  }

  get engine(): Engine {
    return this.#engine
  }

  get ready(): boolean {
    return this.#engine.phase === 'ready'
  }

  get containers(): Collection<Container> | undefined {
    return this.#mirrors?.containers
  }

  get images(): Collection<Image> | undefined {
    return this.#mirrors?.images
  }

  get volumes(): Collection<Volume> | undefined {
    return this.#mirrors?.volumes
  }

  get networks(): Collection<Network> | undefined {
    return this.#mirrors?.networks
  }

  /** What happened lately. It is watched from the first time that somebody asks. */
  activities(): Collection<Activity> {
    this.#activities ??= new Collection<Activity>(this.#transport, activitiesPath)
    return this.#activities
  }

  /** Containers that were asked for; undefined before the first. They are watched from then on. */
  get creates(): Collection<ContainerCreate> | undefined {
    return this.#creates
  }

  /** Asks for a container under that name of the request. Rejects with an ApiError where it is refused. */
  async create(name: string, spec: ContainerCreateSpec): Promise<void> {
    const namespace = this.#mirrors?.namespace ?? DefaultNamespace
    this.#creates ??= new Collection<ContainerCreate>(this.#transport, createsPath(namespace))
    await this.#client.create(namespace, name, spec)
  }

  /** Images that are being pulled, whoever asked for them. They are watched from the first time that somebody asks. */
  pulls(): Collection<ImagePull> {
    this.#pulls ??= new Collection<ImagePull>(this.#transport, pullsPath(this.#mirrors?.namespace ?? DefaultNamespace))
    return this.#pulls
  }

  /** Asks for an image under that name of the request. Rejects with an ApiError where it is refused. */
  pull(name: string, spec: ImagePullSpec): Promise<void> {
    this.pulls()
    return this.#client.pull(this.#mirrors?.namespace ?? DefaultNamespace, name, spec)
  }

  /** Cancels a pull, or puts away one that is over. What came of it is seen in pulls. */
  async cancelPull(name: string): Promise<void> {
    try {
      await this.#client.cancelPull(this.#mirrors?.namespace ?? DefaultNamespace, name)
    } catch {
      // It is still listed, with the same button.
    }
  }

  /** Volumes or networks that are asked for, whoever asks. They are watched from the first time that somebody looks. */
  makings(kind: Made): Collection<VolumeCreate | NetworkCreate> {
    return (this.#makings[kind] ??= new Collection<VolumeCreate | NetworkCreate>(
      this.#transport,
      makesPath(this.#mirrors?.namespace ?? DefaultNamespace, kind),
    ))
  }

  /** Asks for a volume or a network under that name of the request. Rejects with an ApiError where it is refused. */
  make(kind: 'volumes', name: string, spec: VolumeCreateSpec): Promise<void>
  make(kind: 'networks', name: string, spec: NetworkCreateSpec): Promise<void>
  make(kind: Made, name: string, spec: VolumeCreateSpec & NetworkCreateSpec): Promise<void> {
    const namespace = this.#mirrors?.namespace ?? DefaultNamespace
    return kind === 'volumes'
      ? this.#client.makeVolume(namespace, name, spec)
      : this.#client.makeNetwork(namespace, name, spec)
  }

  /** What running containers use, while somebody looks. */
  get usages(): Usages | undefined {
    return this.#mirrors?.usages
  }

  /** Where the daemon has a side of an object: its log, its statistics. */
  side(kind: KindName, name: string, side: string, query: Record<string, string> = {}): string {
    return sidePath(this.#mirrors?.namespace ?? DefaultNamespace, kind, name, side, query)
  }

  /** What the daemon answers at a path. Rejects with an ApiError. */
  read(path: string): Promise<string> {
    return this.#client.read(path)
  }

  /** Asks for something that is no object of the API. Rejects with an ApiError. */
  post(path: string, wish: object): Promise<string> {
    return this.#client.post(path, wish)
  }

  /** What the daemon streams at a path; see Transport. */
  stream(path: string, lines: (batch: string[]) => void, signal: AbortSignal): Promise<void> {
    return this.#transport.stream(path, lines, signal)
  }

  /** Changes settings. Rejects with an ApiError where they are refused. */
  change(spec: AppSpec, dryRun = false): Promise<void> {
    return this.#client.change(spec, dryRun)
  }

  /** The engine is being asked to start or stop. */
  get switching(): boolean {
    return this.#switching
  }

  /** Why the last wish to start or stop the engine was refused. */
  get switchError(): string {
    return this.#switchError
  }

  async start(): Promise<void> {
    await this.#switch(() => this.#client.setRunning(true))
  }

  async stop(): Promise<void> {
    await this.#switch(() => this.#client.setRunning(false))
  }

  /** Chooses where the engine runs, and starts it there. */
  async setUp(provider: Provider): Promise<void> {
    await this.#switch(() => this.#client.change({ running: true, containerEngine: { provider } }))
  }

  /** Tries once more what was given up. */
  async retry(): Promise<void> {
    await this.#switch(() => this.#client.change({ running: true, retriedAt: nowText() }))
  }

  /** Resolves once it is asked for: true where the daemon took it. */
  act(container: string, action: string): Promise<boolean> {
    return this.#ask(container, action, (namespace) => this.#client.act(namespace, container, action))
  }

  remove(kind: KindName, name: string): Promise<boolean> {
    return this.#ask(name, 'delete', (namespace) => this.#client.remove(namespace, kind, name))
  }

  /** The wish about this object that the daemon has not answered yet. */
  asking(name: string): string | undefined {
    return this.#asking.get(name)
  }

  /** What is wrong with this object: a refusal, or what the daemon tells of it, until it is put aside. */
  trouble(name: string, told: Trouble | undefined): Trouble | undefined {
    const found = this.#refused.get(name) ?? told
    return found && this.#dismissed.has(`${name} ${found.id}`) ? undefined : found
  }

  dismiss(name: string, trouble: Trouble): void {
    this.#refused.delete(name)
    this.#dismissed.add(`${name} ${trouble.id}`)
  }

  close(): void {
    this.#stop()
    this.#apps.close()
    this.#activities?.close()
    this.#creates?.close()
    this.#pulls?.close()
    for (const one of Object.values(this.#makings)) one.close()
    this.#closeMirrors()
  }

  #watchNamespace(transport: Transport, namespace: string): void {
    if (this.#mirrors?.namespace === namespace) return
    this.#closeMirrors()
    this.#mirrors = {
      namespace,
      containers: new Collection<Container>(transport, kindPath(namespace, 'containers')),
      images: new Collection<Image>(transport, kindPath(namespace, 'images')),
      volumes: new Collection<Volume>(transport, kindPath(namespace, 'volumes')),
      networks: new Collection<Network>(transport, kindPath(namespace, 'networks')),
      usages: new Usages(transport, usagePath(namespace)),
    }
  }

  #closeMirrors(): void {
    this.#mirrors?.containers.close()
    this.#mirrors?.images.close()
    this.#mirrors?.volumes.close()
    this.#mirrors?.networks.close()
    this.#mirrors?.usages.close()
  }

  /** Whoever answers after an absence may be a newer Berth, of which this page knows nothing. */
  async #compareVersion(): Promise<void> {
    try {
      const told: unknown = JSON.parse(await this.#client.read(versionPath))
      const version = typeof told === 'object' && told !== null && 'gitVersion' in told ? String(told.gitVersion) : ''
      if (this.#version === '') this.#version = version
      else if (version !== '') this.#outdated = version !== this.#version
    } catch {
      // It is asked again after the next absence.
    }
  }

  async #ask(name: string, what: string, wish: (namespace: string) => Promise<void>): Promise<boolean> {
    const namespace = this.#mirrors?.namespace
    if (namespace === undefined || !this.ready || this.#asking.has(name)) return false
    this.#asking.set(name, what)
    this.#refused.delete(name)
    try {
      await wish(namespace)
      return true
    } catch (thrown) {
      this.#refused.set(name, { id: crypto.randomUUID(), text: visible(asApiError(thrown).message) })
      return false
    } finally {
      this.#asking.delete(name)
    }
  }

  async #switch(wish: () => Promise<void>): Promise<void> {
    if (this.#switching) return
    this.#switching = true
    this.#switchError = ''
    try {
      await wish()
    } catch (thrown) {
      this.#switchError = visible(asApiError(thrown).message)
    } finally {
      this.#switching = false
    }
  }
}
