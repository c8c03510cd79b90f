// A daemon of a few lines, for states that a real one cannot be brought into on demand: it lists, watches, patches and
// deletes as Kubernetes does, and carries nothing out unless the test says so.
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Activity, App } from '../../src/api/app.gen'
import type {
  Container,
  ContainerCreate,
  Image,
  ImagePull,
  NetworkCreate,
  VolumeCreate,
} from '../../src/api/containers.gen'
import type { KindName, Kinds, KubeObject } from '../../src/api/kinds'

type Collection =
  KindName | 'apps' | 'activities' | 'containercreates' | 'imagepulls' | 'volumecreates' | 'networkcreates'

/** Says lines of a side until it returns; for a plain question all of them are the answer. */
export type Side = (query: URLSearchParams, say: (...lines: string[]) => void, path: string) => Promise<void> | void

export interface Wish {
  method: string
  path: string
  body: string
}

/** The built page; another one than usual where several are built at once. */
const dist = process.env['BERTH_E2E_PAGE'] ?? join(import.meta.dirname, '../../dist')
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}
const collectionPath =
  /^\/apis\/(?:app\.berth\.desktop\/v1alpha1|containers\.berth\.desktop\/v1alpha1\/namespaces\/berth)\/(apps|activities|containers|containercreates|imagepulls|images|volumecreates|networkcreates|volumes|networks)(?:\/([^/]+))?$/
/** The policy that the real servers send, so that what breaks it breaks here. */
const policy = [
  ...(
    /const policy = ([^\n]+\n[^\n]+)/.exec(readFileSync(join(import.meta.dirname, '../../protect.go'), 'utf8'))?.[1] ??
    ''
  ).matchAll(/"([^"]*)"/g),
]
  .map((part) => part[1])
  .join('')

export class Stub {
  /** What the page asked for, in order. */
  readonly wishes: Wish[] = []
  /** Answers instead of carrying a wish out. */
  refuse: { status: number; message: string } | undefined
  /** The same, for some wishes only. */
  refuseWhere: ((wish: Wish) => boolean) | undefined
  /** The daemon's version. */
  version = 'v1.37.2+berth.1'
  /** How long an answer takes. */
  latency = 0
  #objects: Record<Collection, Map<string, KubeObject>> = {
    apps: new Map(),
    activities: new Map(),
    containercreates: new Map(),
    imagepulls: new Map(),
    volumecreates: new Map(),
    networkcreates: new Map(),
    containers: new Map(),
    images: new Map(),
    volumes: new Map(),
    networks: new Map(),
  }
  /** What sides of objects answer, by what their address ends with, such as "/log" or "/inspect". */
  readonly sides = new Map<string, Side>()
  #watchers = new Map<WebSocket, Collection>()
  #sockets = new WebSocketServer({ noServer: true })
  #version = 1000
  #server: Server | undefined
  #port = 0
  /** Lists never end while this is set. */
  reading = false
  down = false
  signedOut = false

  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response)
    })
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (this.down) socket.destroy()
      else
        this.#sockets.handleUpgrade(request, socket, head, (opened) => {
          this.#stream(request, opened)
        })
    })
    await new Promise<void>((resolve) => this.#server?.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
    return `http://127.0.0.1:${String(this.#port)}/`
  }

  async stop(): Promise<void> {
    this.cut()
    for (const open of this.#sockets.clients) open.terminate()
    this.#server?.closeAllConnections()
    await new Promise((resolve) => this.#server?.close(resolve))
  }

  /** Ends every watch without a word, as a lost connection does. */
  cut(): void {
    for (const watcher of this.#watchers.keys()) watcher.terminate()
    this.#watchers.clear()
  }

  /** Ends every watch in order, as the API server does from time to time. */
  endWatches(): void {
    for (const watcher of this.#watchers.keys()) end(watcher, 200)
    this.#watchers.clear()
  }

  put(collection: 'apps', object: App): void
  put(collection: 'activities', ...objects: Activity[]): void
  put(collection: 'containercreates', ...objects: ContainerCreate[]): void
  put(collection: 'imagepulls', ...objects: ImagePull[]): void
  put(collection: 'volumecreates', ...objects: VolumeCreate[]): void
  put(collection: 'networkcreates', ...objects: NetworkCreate[]): void
  put<K extends KindName>(collection: K, ...objects: Kinds[K][]): void
  put(collection: Collection, ...objects: KubeObject[]): void {
    for (const object of objects) {
      const name = object.metadata?.name ?? ''
      const type = this.#objects[collection].has(name) ? 'MODIFIED' : 'ADDED'
      const stored = { ...object, metadata: { ...object.metadata, name, resourceVersion: String(++this.#version) } }
      this.#objects[collection].set(name, stored)
      this.#tell(collection, type, stored)
    }
  }

  get<T extends KubeObject>(collection: Collection, name: string): T {
    const found = this.#objects[collection].get(name)
    if (!found) throw new Error(`no ${name} in ${collection}`)
    return found as T
  }

  /** The names of the objects of a kind. */
  all(collection: Collection): string[] {
    return [...this.#objects[collection].keys()]
  }

  container(name: string): Container {
    return this.get('containers', this.named(name))
  }

  /** The object name of the container of this name. */
  named(name: string): string {
    const found = [...this.#objects.containers.values()].find((c: Container) => c.status?.name === name)
    return found?.metadata?.name ?? ''
  }

  image(tag: string): Image {
    const found = [...this.#objects.images.values()].find((i: Image) => i.status?.repoTag === tag)
    return this.get('images', found?.metadata?.name ?? '')
  }

  /** How many watches are open. */
  get watching(): number {
    return this.#watchers.size
  }

  drop(collection: KindName | 'imagepulls', name: string): void {
    const object = this.get(collection, name)
    this.#objects[collection].delete(name)
    this.#version++
    this.#tell(collection, 'DELETED', object)
  }

  #tell(collection: Collection, type: string, object: KubeObject): void {
    for (const [watcher, of] of this.#watchers) {
      if (of === collection) say(watcher, { type, object })
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stub')
    const api = collectionPath.exec(url.pathname)
    response.setHeader('Content-Security-Policy', policy)
    const side = this.#side(url.pathname)
    if (side && !this.down) {
      if (request.method === 'POST') await this.#hear(request, url.pathname)
      const lines: string[] = []
      await side(url.searchParams, (...said) => void lines.push(...said), url.pathname)
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(lines.join('\n'))
      return
    }
    if (url.pathname === '/version' && !this.down) {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ gitVersion: this.version }))
      return
    }
    if (request.method === 'POST' && /\/((container|volume|network)creates|imagepulls)$/.test(url.pathname)) {
      await this.#create(request, url.pathname, response)
      return
    }
    if (url.pathname.startsWith('/apis/') && !api) {
      response.writeHead(404, { 'Content-Type': 'application/json' })
      response.end(
        JSON.stringify({ kind: 'Status', status: 'Failure', message: 'the stub knows no such side', code: 404 }),
      )
      return
    }
    if (!api) {
      this.#asset(url.pathname, response)
      return
    }
    if (this.down) {
      response.destroy()
      return
    }
    if (this.signedOut) {
      response.writeHead(401).end('no session')
      return
    }
    const collection = api[1] as Collection
    await this.#carryOut(collection, api[2] ?? '', request, url.pathname, response)
  }

  #stream(request: IncomingMessage, socket: WebSocket): void {
    const asked = new URL(request.url ?? '/', 'http://stub').searchParams.get('path') ?? ''
    const url = new URL(asked, 'http://stub')
    const api = collectionPath.exec(url.pathname)
    const side = this.#side(url.pathname)
    if (this.signedOut) end(socket, 401, 'no session')
    else if (side) void this.#tellSide(side, url, socket)
    else if (!api) end(socket, 404)
    else this.#watch(api[1] as Collection, url.searchParams, socket)
  }

  #side(path: string): Side | undefined {
    return [...this.sides].find(([ending]) => path.endsWith(ending))?.[1]
  }

  async #tellSide(side: Side, url: URL, socket: WebSocket): Promise<void> {
    await side(
      url.searchParams,
      (...lines) => {
        if (lines.length > 0) socket.send(Buffer.from(lines.map((line) => `${line}\n`).join('')))
      },
      url.pathname,
    )
    end(socket, 200)
  }

  #watch(collection: Collection, query: URLSearchParams, socket: WebSocket): void {
    if (query.get('sendInitialEvents') === 'true') {
      for (const object of this.#objects[collection].values()) say(socket, { type: 'ADDED', object })
      const metadata = { resourceVersion: String(this.#version), annotations: { 'k8s.io/initial-events-end': 'true' } }
      if (!this.reading || collection === 'apps') say(socket, { type: 'BOOKMARK', object: { metadata } })
    }
    this.#watchers.set(socket, collection)
    socket.on('close', () => this.#watchers.delete(socket))
  }

  async #carryOut(
    collection: Collection,
    name: string,
    request: IncomingMessage,
    path: string,
    response: ServerResponse,
  ): Promise<void> {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const wish = { method: request.method ?? '', path, body }
    this.wishes.push(wish)
    await new Promise((resolve) => setTimeout(resolve, this.latency))
    const object = this.#objects[collection].get(name)
    const refuse = this.refuseWhere?.(wish) === false ? undefined : this.refuse
    if (refuse ?? !object) {
      const { status, message } = refuse ?? { status: 404, message: `${name} not found` }
      response.writeHead(status, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify({ kind: 'Status', status: 'Failure', message, code: status }))
      return
    }
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(object))
  }

  async #hear(request: IncomingMessage, path: string): Promise<string> {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    this.wishes.push({ method: request.method ?? '', path, body })
    return body
  }

  /** Takes a wish for a container, and leaves to the test what comes of it. */
  async #create(request: IncomingMessage, path: string, response: ServerResponse): Promise<void> {
    const body = await this.#hear(request, path)
    response.setHeader('Content-Type', 'application/json')
    if (this.refuse) {
      const { status, message } = this.refuse
      response.writeHead(status)
      response.end(JSON.stringify({ kind: 'Status', status: 'Failure', message, code: status }))
      return
    }
    const wanted = JSON.parse(body) as ContainerCreate | ImagePull | VolumeCreate | NetworkCreate
    if (wanted.kind === 'ImagePull') this.put('imagepulls', wanted as ImagePull)
    else if (wanted.kind === 'VolumeCreate') this.put('volumecreates', wanted as VolumeCreate)
    else if (wanted.kind === 'NetworkCreate') this.put('networkcreates', wanted as NetworkCreate)
    else this.put('containercreates', wanted as ContainerCreate)
    response.writeHead(201).end(body)
  }

  #asset(path: string, response: ServerResponse): void {
    const name = path === '/' ? 'index.html' : normalize(path).slice(1)
    try {
      const content = readFileSync(join(dist, name))
      response.writeHead(200, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream' }).end(content)
    } catch {
      response.writeHead(404).end()
    }
  }
}

function say(socket: WebSocket, event: object): void {
  socket.send(Buffer.from(`${JSON.stringify(event)}\n`))
}

function end(socket: WebSocket, status: number, body = ''): void {
  socket.send(JSON.stringify({ status, body }))
  socket.close()
}
