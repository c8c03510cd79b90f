// The private instance of Berth that the journeys run on: started by setup.ts, ended by teardown.ts.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where setup.ts leaves word for the others of its run. */
const note = join(tmpdir(), `berth-e2e-${process.env['BERTH_E2E_RUN'] ?? 'none'}.json`)

/** The binary under test: BERTH_BIN names it, or the folder that holds it. */
function binary(): string {
  const given = process.env['BERTH_BIN'] ?? join(import.meta.dirname, '../../../bin')
  const path = existsSync(given) && statSync(given).isDirectory() ? join(given, 'berth') : given
  if (!existsSync(path)) throw new Error(`${path} is not there: run "make build" first, or set BERTH_BIN`)
  return path
}

export class Instance {
  constructor(readonly home: string) {}

  static create(): Instance {
    const instance = new Instance(mkdtempSync(join(tmpdir(), 'berth-e2e-')))
    writeFileSync(note, JSON.stringify({ home: instance.home }))
    return instance
  }

  /** The one that setup.ts made; undefined where it made none. */
  static found(): Instance | undefined {
    if (!existsSync(note)) return undefined
    const { home } = JSON.parse(readFileSync(note, 'utf8')) as { home: string }
    return new Instance(home)
  }

  static current(): Instance {
    const found = Instance.found()
    if (!found) throw new Error('no instance: setup.ts has not run')
    return found
  }

  berth(...args: string[]): string {
    const env = { ...process.env, BERTH_HOME: this.home, BERTH_INSTANCE: 'berth', DISPLAY: '', WAYLAND_DISPLAY: '' }
    return execFileSync(binary(), args, { env, encoding: 'utf8', timeout: 60_000 }).trim()
  }

  /** What a user types in a terminal. */
  docker(...args: string[]): string {
    const env = { ...process.env, DOCKER_HOST: `unix://${this.berth('paths', 'engine-socket')}` }
    return execFileSync('docker', args, { env, encoding: 'utf8', timeout: 60_000 }).trim()
  }

  /** A container that does nothing for a long time, and ends at once when told to. */
  run(name: string, ...options: string[]): string {
    return this.docker(
      'run',
      '-d',
      '--init',
      '--network',
      'none',
      '--name',
      name,
      ...options,
      'busybox',
      'sleep',
      '100000',
    )
  }

  /** More of busybox's programs can be had by name. */
  importBusybox(more: string[] = []): void {
    const root = mkdtempSync(join(this.home, 'root-'))
    const script = `mkdir -p bin tmp && cp "$(command -v busybox)" bin/busybox && for a in ${['sh', 'sleep', 'true', ...more].join(' ')}; do ln -s busybox bin/$a; done && tar -c . | docker import -c 'CMD ["sh"]' - busybox:latest`
    const env = { ...process.env, DOCKER_HOST: `unix://${this.berth('paths', 'engine-socket')}` }
    execFileSync('sh', ['-ec', script], { cwd: root, env, timeout: 60_000 })
  }

  /** An image with one program and no shell: busybox by another name does only what it is told. */
  importBare(): void {
    const root = mkdtempSync(join(this.home, 'root-'))
    const script = `printf 'int pause(void);int main(void){for(;;)pause();}' >only.c && cc -static -o only only.c && rm only.c && tar -c . | docker import - bare:latest`
    const env = { ...process.env, DOCKER_HOST: `unix://${this.berth('paths', 'engine-socket')}` }
    execFileSync('sh', ['-ec', script], { cwd: root, env, timeout: 60_000 })
  }

  /** Ends the daemon, and with it its engine. */
  async end(): Promise<void> {
    const lock = this.berth('paths', 'lock')
    if (existsSync(lock)) {
      const pid = Number(readFileSync(lock, 'utf8').split('\n')[0])
      if (pid > 1) {
        process.kill(pid, 'SIGTERM')
        for (let i = 0; i < 300 && alive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    // What the engine mounted beneath its folder goes before the folder does.
    spawnSync('sh', ['-c', `grep -o "${this.home}[^ ]*" /proc/self/mounts | sort -r | xargs -r -n1 umount -l`])
    rmSync(this.home, { recursive: true, force: true })
    rmSync(note, { force: true })
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
