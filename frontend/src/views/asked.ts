import type { Container, Image, Volume } from '../api/containers.gen'

/** What the user wants to delete, as it was when asked: by name, which for a container is its ID. */
export type Asked =
  | { kind: 'containers'; containers: Container[] }
  | { kind: 'images'; image: Image }
  | { kind: 'volumes'; volume: Volume }
