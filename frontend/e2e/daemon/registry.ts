// A registry of Debian's package docker-registry on loopback, which engines trust without TLS, and between it and the engine
// a door that can hold layers back, so that a pull is seen under way.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'

export class Registry {
  #held: Promise<void> | undefined
  #flow: (() => void) | undefined

  private constructor(
    /** What images are called that come through the door. */
    readonly host: string,
    /** The registry itself: a push that this process waits for can't come through its door. */
    readonly within: string,
    private readonly door: Server,
    private readonly program: ChildProcess,
    private readonly dir: string,
  ) {}

  static async start(): Promise<Registry> {
    const dir = mkdtempSync(join(tmpdir(), 'berth-e2e-registry-'))
    const port = await freePort()
    const settings = [
      'version: 0.1',
      'log: {level: error}',
      `storage: {filesystem: {rootdirectory: ${join(dir, 'data')}}}`,
      `http: {addr: 127.0.0.1:${String(port)}}`,
    ]
    writeFileSync(join(dir, 'config.yml'), settings.join('\n') + '\n')
    const program = spawn('docker-registry', ['serve', join(dir, 'config.yml')], { stdio: 'ignore' })
    await once(program, 'spawn')
    await answering(port)
    let registry: Registry | undefined = undefined
    const door = createServer((asked, answer) => {
      const { method = 'GET', url: path = '/', headers } = asked
      const on = request({ host: '127.0.0.1', port, method, path, headers }, (got) => {
        const held = method === 'GET' && path.includes('/blobs/sha256:') ? registry?.held : undefined
        answer.writeHead(got.statusCode ?? 500, got.headers)
        answer.flushHeaders()
        void Promise.resolve(held).then(() => got.pipe(answer))
      })
      on.on('error', () => answer.destroy())
      asked.pipe(on)
    })
    door.listen(0, '127.0.0.1')
    await once(door, 'listening')
    const { port: outer } = door.address() as AddressInfo
    registry = new Registry(`127.0.0.1:${String(outer)}`, `127.0.0.1:${String(port)}`, door, program, dir)
    return registry
  }

  get held(): Promise<void> | undefined {
    return this.#held
  }

  /** Holds back whatever is fetched of an image, until flow. */
  stall(): void {
    this.#held = new Promise((resolve) => (this.#flow = resolve))
  }

  flow(): void {
    this.#held = undefined
    this.#flow?.()
  }

  async end(): Promise<void> {
    this.flow()
    this.door.closeAllConnections()
    this.door.close()
    if (this.program.exitCode === null) {
      this.program.kill()
      await once(this.program, 'exit')
    }
    rmSync(this.dir, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answering(port: number): Promise<void> {
  for (const until = Date.now() + 30_000; Date.now() < until;) {
    const socket = connect(port, '127.0.0.1')
    const there = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => {
        resolve(true)
      })
      socket.once('error', () => {
        resolve(false)
      })
    })
    socket.destroy()
    if (there) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nobody answers at 127.0.0.1:${String(port)}`)
}
