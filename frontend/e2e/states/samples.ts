import type { App, AppStatus, FailureStatus, StartupStep } from '../../src/api/app.gen'
import type { Container, ContainerStatus, Image, Network, Volume } from '../../src/api/containers.gen'
import type { Condition } from '../../src/api/meta'

export const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString()
const minute = 60
const hour = 3600
const day = 24 * hour

type Said = Record<string, [status: 'True' | 'False', reason: string, message?: string]>

export function app(running: boolean, said: Said, more: AppStatus = {}, generation = 3): App {
  const conditions = Object.entries(said).map(([type, [status, reason, message = '']]): Condition => {
    return { type, status, reason, message, observedGeneration: generation, lastTransitionTime: ago(90) }
  })
  return {
    metadata: { name: 'app', generation },
    spec: { running, namespace: 'berth', containerEngine: { provider: 'native', name: 'moby' } },
    status: { conditions, ...more },
  }
}

const engine = {
  endpoint: 'unix:///run/user/1000/berth/docker.sock',
  version: '20.10.24',
  apiVersion: '1.41',
  platform: 'linux/amd64',
  storageDriver: 'overlay2',
}

export const ready = (): App =>
  app(
    true,
    {
      Created: ['True', 'Created'],
      Running: ['True', 'Started'],
      ContainerEngineReady: ['True', 'Connected'],
      Settled: ['True', 'Settled'],
    },
    { engine },
  )

export const stopped = (): App =>
  app(false, {
    Running: ['False', 'Stopped'],
    ContainerEngineReady: ['False', 'Stopped'],
    Settled: ['True', 'Settled'],
  })

export function starting(): App {
  const step = (name: string, state: string, from: number, to?: number): StartupStep => {
    return { name, state, startedAt: ago(from), ...(to === undefined ? {} : { finishedAt: ago(to) }) }
  }
  return app(
    true,
    { Running: ['True', 'Started'], ContainerEngineReady: ['False', 'Connecting'], Settled: ['False', 'Settling'] },
    {
      engine,
      startup: {
        startedAt: ago(2.6),
        medianMillis: 3000,
        steps: [
          step('Checking the host', 'done', 2.6, 2.5),
          { ...step('Starting Docker', 'done', 2.5, 0.7), medianMillis: 1500 },
          { ...step('Reading containers', 'active', 0.7), message: '120/1000' },
        ],
      },
    },
  )
}

const failure: FailureStatus = {
  message: 'Docker ended while starting, with exit code 1.',
  hint: 'Another Docker uses the network 172.17.0.0/16. Stop it, or choose another network in Docker’s settings, then try again.',
  logTail: [
    'time="2026-11-22T14:02:11Z" level=info msg="Starting up"',
    'time="2026-11-22T14:02:11Z" level=info msg="containerd successfully booted in 0.021s"',
    'time="2026-11-22T14:02:12Z" level=warning msg="Running iptables --wait -t nat -L -n failed"',
    'failed to start daemon: Error initializing network controller: error creating default "bridge" network',
  ],
  at: ago(5),
}

export const failed = (): App =>
  app(
    true,
    {
      Running: ['False', 'StartFailed'],
      ContainerEngineReady: ['False', 'Stopped'],
      Settled: ['False', 'Failed', failure.message],
    },
    {
      failure,
      startup: {
        startedAt: ago(9),
        steps: [
          { name: 'Checking the host', state: 'done', startedAt: ago(9), finishedAt: ago(8.9) },
          { name: 'Starting Docker', state: 'failed', startedAt: ago(8.9), finishedAt: ago(7.5) },
        ],
      },
    },
  )

/** Somebody else's engine; `reason` says what is wrong with it. */
export const refusedBy = (reason: string, message: string, hint: string): App =>
  app(
    true,
    {
      Running: ['False', 'StartFailed'],
      ContainerEngineReady: ['False', 'Stopped'],
      Settled: ['False', 'Failed', message],
    },
    { failure: { reason, message, hint, at: ago(5) } },
  )

export const gaveUp = (): App =>
  app(
    true,
    {
      Running: ['False', 'Crashed'],
      ContainerEngineReady: ['False', 'Reconnecting'],
      Settled: ['False', 'Failed', 'Docker ended three times within a minute.'],
    },
    { engine, failure: { ...failure, message: 'Docker ended three times within a minute.', hint: '' } },
  )

/** As the daemon makes it before anybody has asked for anything. */
export const fresh = (): App => app(false, { Running: ['False', 'Stopped'] }, {}, 1)

export const crashed = (): App =>
  app(
    true,
    {
      Running: ['False', 'Crashed', 'Docker was killed (signal 9). Berth starts it again in 2 s.'],
      ContainerEngineReady: ['False', 'Reconnecting'],
      Settled: ['False', 'Settling'],
    },
    { engine, failure: { ...failure, message: 'Docker was killed (signal 9). Berth starts it again.', hint: '' } },
  )

export const reconnecting = (): App =>
  app(
    true,
    {
      Running: ['True', 'Started'],
      ContainerEngineReady: ['False', 'Reconnecting', 'Docker does not answer on its socket. Trying again.'],
      Settled: ['False', 'Settling'],
    },
    { engine },
  )

export const withReason = (said: Said, running = true): App => app(running, said, { engine })

let serial = 0
const id = (): string => (++serial).toString(16).padStart(4, '0').repeat(16)

export function container(name: string, status: Partial<ContainerStatus> = {}): Container {
  const own = id()
  return {
    metadata: { name: own },
    status: {
      id: own,
      name,
      image: 'busybox:latest',
      imageID: 'sha256:b1',
      status: 'running',
      createdAt: ago(3 * hour),
      startedAt: ago(3 * hour),
      ...status,
    },
  }
}

const port = (
  inside: number,
  outside: number,
  hostIP = '0.0.0.0',
  protocol = 'tcp',
): NonNullable<ContainerStatus['ports']>[number] => {
  const bindings = [
    { hostIP, hostPort: outside },
    ...(hostIP === '0.0.0.0' ? [{ hostIP: '::', hostPort: outside }] : []),
  ]
  return { name: `${String(inside)}/${protocol}`, port: inside, protocol, bindings }
}

export function containers(): Container[] {
  const shop = { composeProject: 'shop' }
  const metrics = { composeProject: 'metrics' }
  return [
    container('shop-web-1', {
      ...shop,
      image: 'ghcr.io/acme/shop-web:2.14.1',
      ports: [port(80, 8080), port(443, 8443)],
      health: 'healthy',
    }),
    container('shop-api-1', {
      ...shop,
      image: 'ghcr.io/acme/shop-api:2.14.1',
      ports: [port(3000, 3000, '127.0.0.1')],
      health: 'unhealthy',
    }),
    container('shop-db-1', {
      ...shop,
      image: 'postgres:17',
      imageID: 'sha256:p1',
      ports: [port(5432, 5432, '127.0.0.1')],
      mounts: [{ destination: '/var/lib/postgresql/data', type: 'volume', name: 'shop_pgdata' }],
    }),
    container('shop-worker-1', {
      ...shop,
      image: 'ghcr.io/acme/shop-api:2.14.1',
      status: 'exited',
      exitCode: 137,
      oomKilled: true,
      finishedAt: ago(12 * minute),
    }),
    container('metrics-grafana-1', {
      ...metrics,
      image: 'grafana/grafana:12.2.0',
      ports: [port(3000, 3001)],
      startedAt: ago(9 * day),
    }),
    container('metrics-prometheus-1', {
      ...metrics,
      image: 'prom/prometheus:v3.7.3',
      ports: [port(9090, 9090)],
      startedAt: ago(9 * day),
    }),
    container('dns', {
      image: 'coredns/coredns:1.13',
      ports: [port(53, 5353, '0.0.0.0', 'udp'), port(9153, 9153)],
      startedAt: ago(42),
    }),
    container('registry', { image: 'registry:3', status: 'paused', ports: [port(5000, 5000, '127.0.0.1')] }),
    container('backup', {
      image: 'restic/restic:0.18.1',
      status: 'exited',
      exitCode: 0,
      finishedAt: ago(2 * day),
      createdAt: ago(30 * day),
    }),
    container('flaky', { image: 'acme/flaky:dev', status: 'restarting', exitCode: 1 }),
    container('adoring_hopper', { image: 'debian:13', status: 'created', createdAt: ago(30) }),
  ]
}

export function image(
  repoTag: string,
  imageID: string,
  bytes: number,
  createdAgo: number,
  repoTags = [repoTag],
  inUseBy: string[] = [],
): Image {
  const dangling = repoTag === ''
  return {
    metadata: { name: `img-${imageID.replace('sha256:', '')}-${repoTag.replace(/\W/g, '-')}` },
    status: {
      id: imageID,
      repoTag,
      ...(dangling ? {} : { repoTags }),
      dangling,
      ...(inUseBy.length > 0 ? { inUseBy } : {}),
      size: bytes,
      createdAt: ago(createdAgo),
    },
  }
}

export function images(): Image[] {
  return [
    image('ghcr.io/acme/shop-web:2.14.1', `sha256:${'4e7c'.repeat(16)}`, 184_300_000, 2 * day),
    image('ghcr.io/acme/shop-api:2.14.1', `sha256:${'9a01'.repeat(16)}`, 412_800_000, 2 * day),
    image('postgres:17', 'sha256:p1', 438_000_000, 20 * day, ['postgres:17', 'postgres:latest'], ['shop-db-1']),
    image('postgres:latest', 'sha256:p1', 438_000_000, 20 * day, ['postgres:17', 'postgres:latest'], ['shop-db-1']),
    image(
      'busybox:latest',
      'sha256:b1',
      4_280_000,
      400 * day,
      ['busybox:latest'],
      ['backup', 'dns', 'flaky', 'registry'],
    ),
    image('registry.example.com:5000/team/app:main-3f2c1d', `sha256:${'77aa'.repeat(16)}`, 1_240_000_000, 5 * hour),
    image('', `sha256:${'c0de'.repeat(16)}`, 96_000_000, 3 * day),
  ]
}

export function volume(name: string, more: Partial<NonNullable<Volume['status']>> = {}): Volume {
  return {
    metadata: { name: `vol-${name.slice(0, 40)}` },
    status: {
      name,
      driver: 'local',
      scope: 'local',
      mountpoint: `/var/lib/docker/volumes/${name}/_data`,
      createdAt: ago(20 * day),
      ...more,
    },
  }
}

export function volumes(): Volume[] {
  return [
    volume('shop_pgdata', { inUseBy: ['shop-db-1'] }),
    volume('grafana-storage'),
    volume('media', { driver: 'nfs' }),
    volume('5f1b'.repeat(16), { createdAt: ago(3 * hour) }),
  ]
}

export function network(name: string, more: Partial<NonNullable<Network['status']>> = {}): Network {
  const own = id()
  return {
    metadata: { name: own },
    status: { id: own, name, driver: 'bridge', scope: 'local', createdAt: ago(20 * day), ...more },
  }
}

export function networks(): Network[] {
  const member = (
    name: string,
    ipv4Address: string,
  ): NonNullable<NonNullable<Network['status']>['members']>[number] => {
    return { id: name.padEnd(64, '0'), name, ipv4Address }
  }
  return [
    network('shop_default', {
      composeProject: 'shop',
      subnets: [{ subnet: '172.20.0.0/16', gateway: '172.20.0.1' }],
      members: [member('shop-web-1', '172.20.0.2/16'), member('shop-db-1', '172.20.0.3/16')],
    }),
    network('backend', { internal: true, subnets: [{ subnet: '10.9.0.0/24' }, { subnet: 'fd00:9::/64' }] }),
    network('bridge', { builtIn: true, subnets: [{ subnet: '172.17.0.0/16', gateway: '172.17.0.1' }] }),
    network('host', { builtIn: true, driver: 'host' }),
    network('none', { builtIn: true, driver: 'null' }),
  ]
}

/** What a few containers use, in backend/api/stream's words. */
export function usage(container: Container, cpuPercent: number, memoryUsed: number): string {
  const { id: own = '', name = '' } = container.status ?? {}
  return JSON.stringify({
    id: own,
    name,
    time: new Date().toISOString(),
    cpuPercent,
    cpus: 4,
    memoryUsed,
    memoryLimit: 8e9,
    networkRx: 0,
    networkTx: 0,
    blockRead: 0,
    blockWrite: 0,
    pids: 3,
  })
}
