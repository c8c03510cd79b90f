import type { App, AppSpec } from './app.gen'
import {
  AnnotationAction,
  GroupName,
  type ContainerCreate,
  type ContainerCreateSpec,
  type ImagePull,
  type ImagePullSpec,
  type NetworkCreate,
  type NetworkCreateSpec,
  type VolumeCreate,
  type VolumeCreateSpec,
} from './containers.gen'
import { refusal } from './error'
import { appsPath, createsPath, kindPath, makesPath, objectPath, pullsPath, type KindName } from './kinds'
import type { Request, Transport } from './transport'

/** The verbs of the page. Each resolves once the daemon took the wish; the fact comes by the watch. */
export interface Client {
  setRunning(running: boolean): Promise<void>
  /** Changes what is given of the App's spec and leaves the rest; `dryRun` only asks whether it would be taken. */
  change(spec: AppSpec, dryRun?: boolean): Promise<void>
  act(namespace: string, container: string, action: string): Promise<void>
  create(namespace: string, name: string, spec: ContainerCreateSpec): Promise<void>
  pull(namespace: string, name: string, spec: ImagePullSpec): Promise<void>
  cancelPull(namespace: string, name: string): Promise<void>
  makeVolume(namespace: string, name: string, spec: VolumeCreateSpec): Promise<void>
  makeNetwork(namespace: string, name: string, spec: NetworkCreateSpec): Promise<void>
  remove(namespace: string, kind: KindName, name: string): Promise<void>
  /** Asks for something at a path; what the daemon answers, as text. */
  post(path: string, wish: object): Promise<string>
  /** What the daemon answers at a path, as text. */
  read(path: string): Promise<string>
}

export function newClient(transport: Transport): Client {
  const tell = async (request: Request): Promise<string> => {
    const answer = await transport.request(request)
    if (answer.status < 200 || answer.status > 299) throw refusal(answer.status, answer.body)
    return answer.body
  }
  const ask = async (request: Request): Promise<void> => {
    await tell(request)
  }
  const patch = (path: string, change: object): Promise<void> =>
    ask({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body: JSON.stringify(change) })

  const apiVersion = `${GroupName}/v1alpha1`
  const make = (path: string, object: object): Promise<void> =>
    ask({ method: 'POST', path, contentType: 'application/json', body: JSON.stringify(object) })
  const drop = async (path: string): Promise<void> => {
    const answer = await transport.request({ method: 'DELETE', path })
    const gone = answer.status === 404 // somebody was faster, and that is what was wanted
    if (!gone && (answer.status < 200 || answer.status > 299)) throw refusal(answer.status, answer.body)
  }

  const change = (spec: AppSpec, dryRun = false): Promise<void> =>
    patch(`${objectPath(appsPath, 'app')}${dryRun ? '?dryRun=All' : ''}`, { spec } satisfies Pick<App, 'spec'>)

  return {
    setRunning: (running) => change({ running }),
    change,
    act: (namespace, container, action) =>
      patch(objectPath(kindPath(namespace, 'containers'), container), {
        metadata: { annotations: { [AnnotationAction]: action } },
      }),
    create: (namespace, name, spec) =>
      make(createsPath(namespace), {
        apiVersion,
        kind: 'ContainerCreate',
        metadata: { name },
        spec,
      } satisfies ContainerCreate),
    pull: (namespace, name, spec) =>
      make(pullsPath(namespace), { apiVersion, kind: 'ImagePull', metadata: { name }, spec } satisfies ImagePull),
    cancelPull: (namespace, name) => drop(objectPath(pullsPath(namespace), name)),
    makeVolume: (namespace, name, spec) =>
      make(makesPath(namespace, 'volumes'), {
        apiVersion,
        kind: 'VolumeCreate',
        metadata: { name },
        spec,
      } satisfies VolumeCreate),
    makeNetwork: (namespace, name, spec) =>
      make(makesPath(namespace, 'networks'), {
        apiVersion,
        kind: 'NetworkCreate',
        metadata: { name },
        spec,
      } satisfies NetworkCreate),
    read: (path) => tell({ method: 'GET', path }),
    post: (path, wish) => tell({ method: 'POST', path, contentType: 'application/json', body: JSON.stringify(wish) }),
    remove: (namespace, kind, name) => drop(objectPath(kindPath(namespace, kind), name)),
  }
}
