import { GroupName as AppGroup } from './app.gen'
import { GroupName, MobyNamespace, type Container, type Image, type Network, type Volume } from './containers.gen'
import type { ObjectMeta, TypeMeta } from './meta'

/** The kinds that mirror the engine. */
export interface Kinds {
  containers: Container
  images: Image
  volumes: Volume
  networks: Network
}

export type KindName = keyof Kinds

/** What every object of the API has. */
export interface KubeObject extends TypeMeta {
  metadata?: ObjectMeta
}

const appGroup = `/apis/${AppGroup}/v1alpha1`
const containersGroup = `/apis/${GroupName}/v1alpha1`

export const appsPath = `${appGroup}/apps`
export const activitiesPath = `${appGroup}/activities`
/** The daemon's checks of itself and of this machine; it is no part of the Kubernetes API. */
export const doctorPath = '/local/doctor'
/** What belongs to this user's desktop. */
export const desktopPath = '/local/desktop'
export const versionPath = '/version'
/** Only which houses an engine could have here. */
export const waysPath = `${doctorPath}?ways`

export function kindPath(namespace: string, kind: KindName): string {
  return `${containersGroup}/namespaces/${encodeURIComponent(namespace)}/${kind}`
}

/** Containers that are asked for. */
export function createsPath(namespace: string): string {
  return `${containersGroup}/namespaces/${encodeURIComponent(namespace)}/containercreates`
}

/** Images that are asked for. */
export function pullsPath(namespace: string): string {
  return `${containersGroup}/namespaces/${encodeURIComponent(namespace)}/imagepulls`
}

/** Volumes or networks that are asked for. */
export function makesPath(namespace: string, kind: 'volumes' | 'networks'): string {
  return `${containersGroup}/namespaces/${encodeURIComponent(namespace)}/${kind === 'volumes' ? 'volumecreates' : 'networkcreates'}`
}

export function objectPath(collection: string, name: string): string {
  return `${collection}/${encodeURIComponent(name)}`
}

/** Asks for all objects first, then for an initial-events-end bookmark, then for what changes. */
export function listAndWatchPath(collection: string): string {
  return watchPath(collection, { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', resourceVersion: '' })
}

/** Asks for what changed after a version. */
export function resumePath(collection: string, resourceVersion: string): string {
  return watchPath(collection, { resourceVersion })
}

function watchPath(collection: string, query: Record<string, string>): string {
  return `${collection}?${new URLSearchParams({ watch: 'true', allowWatchBookmarks: 'true', ...query }).toString()}`
}

/** What all running containers use, one sample a line. */
export function usagePath(namespace: string): string {
  return `${containersGroup}/namespaces/${encodeURIComponent(namespace)}/containernamespaces/${MobyNamespace}/stats?follow=true`
}

/** A side of an object that is no object itself, such as a container's log. */
export function sidePath(
  namespace: string,
  kind: KindName,
  name: string,
  side: string,
  query: Record<string, string> = {},
): string {
  const asked = new URLSearchParams(query).toString()
  return `${objectPath(kindPath(namespace, kind), name)}/${side}${asked === '' ? '' : `?${asked}`}`
}
