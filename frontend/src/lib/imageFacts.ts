// What an engine says of an image: a stranger's JSON, of which only what is as it should be is taken.

export interface ImageFacts {
  platform: string
  author: string
  entrypoint: readonly string[]
  command: readonly string[]
  folder: string
  user: string
  env: readonly string[]
  ports: readonly string[]
  volumes: readonly string[]
}

export interface Layer {
  by: string
  size: number
  /** Seconds since 1970; 0 where nobody knows. */
  created: number
}

function part(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function keys(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value).sort() : []
}

export function imageFacts(inspected: unknown): ImageFacts {
  const config = part(inspected, 'Config')
  const platform = [part(inspected, 'Os'), part(inspected, 'Architecture'), part(inspected, 'Variant')]
  return {
    platform: platform
      .map(text)
      .filter((word) => word !== '')
      .join('/'),
    author: text(part(inspected, 'Author')),
    entrypoint: texts(part(config, 'Entrypoint')),
    command: texts(part(config, 'Cmd')),
    folder: text(part(config, 'WorkingDir')),
    user: text(part(config, 'User')),
    env: texts(part(config, 'Env')),
    ports: keys(part(config, 'ExposedPorts')),
    volumes: keys(part(config, 'Volumes')),
  }
}

/** The steps of an image's history, newest first, as the engine tells them. */
export function layersOf(history: unknown): Layer[] {
  if (!Array.isArray(history)) return []
  return history.map((step: unknown): Layer => {
    const [size, created] = [part(step, 'Size'), part(step, 'Created')]
    return {
      by: instruction(text(part(step, 'CreatedBy')) || text(part(step, 'Comment'))),
      size: typeof size === 'number' ? size : 0,
      created: typeof created === 'number' && created > 0 ? created : 0,
    }
  })
}

/** A step as a Dockerfile has it, without the shell that builders put around it. */
export function instruction(by: string): string {
  const words = by.replace(/\s+/g, ' ').trim()
  const told = /^\/bin\/sh -c #\(nop\) (.*)$/.exec(words)
  if (told) return (told[1] ?? '').trim()
  const run = /^(?:RUN )?(?:\|\d+ (?:\S+=\S* )*)?\/bin\/(?:ba|a)?sh -c (.*)$/.exec(words)
  return (run ? `RUN ${run[1] ?? ''}` : words).replace(/ # buildkit$/, '')
}
