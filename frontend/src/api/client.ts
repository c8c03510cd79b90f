import type { App } from './app.gen'
import { AnnotationAction } from './containers.gen'
import { refusal } from './error'
import { appsPath, kindPath, objectPath, type KindName } from './kinds'
import type { Request, Transport } from './transport'

/** The verbs of the page. Each resolves once the daemon took the wish; the fact comes by the watch. */
export interface Client {
  setRunning(running: boolean): Promise<void>
  act(namespace: string, container: string, action: string): Promise<void>
  remove(namespace: string, kind: KindName, name: string): Promise<void>
}

export function newClient(transport: Transport): Client {
  const ask = async (request: Request): Promise<void> => {
    const answer = await transport.request(request)
    if (answer.status < 200 || answer.status > 299) throw refusal(answer.status, answer.body)
  }
  const patch = (path: string, change: object): Promise<void> =>
    ask({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body: JSON.stringify(change) })

  return {
    setRunning: (running) => patch(objectPath(appsPath, 'app'), { spec: { running } } satisfies Pick<App, 'spec'>),
    act: (namespace, container, action) =>
      patch(objectPath(kindPath(namespace, 'containers'), container), {
        metadata: { annotations: { [AnnotationAction]: action } },
      }),
    remove: async (namespace, kind, name) => {
      const answer = await transport.request({ method: 'DELETE', path: objectPath(kindPath(namespace, kind), name) })
      const gone = answer.status === 404 // somebody was faster, and that is what was wanted
      if (!gone && (answer.status < 200 || answer.status > 299)) throw refusal(answer.status, answer.body)
    },
  }
}
