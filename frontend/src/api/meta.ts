// The parts of Kubernetes' own types that the page reads. The kinds are generated (*.gen.ts) and build on these.

export interface TypeMeta {
  apiVersion?: string
  kind?: string
}

export interface ObjectMeta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
}

export interface ListMeta {
  resourceVersion?: string
  continue?: string
}

export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  observedGeneration?: number
  lastTransitionTime: string
  reason: string
  message: string
}

/** What the API answers instead of an object when it refuses. */
export interface Status extends TypeMeta {
  kind: 'Status'
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  code?: number
}
