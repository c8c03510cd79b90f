import type { ContainerCreateSpec, PublishedPort, VolumeMount } from '../api/containers.gen'
import { things } from '../text/things'
import { visible } from './text'

/** What somebody typed who wants to run an image. */
export interface RunForm {
  name: string
  ports: string
  env: string
  volumes: string
  command: string
}

export const emptyForm: RunForm = { name: '', ports: '', env: '', volumes: '', command: '' }

export type Wrong = Partial<Record<keyof RunForm, string>>

const text = things.run

/** Makes a wish of what was typed, or says what in it makes no sense. */
export function runSpec(image: string, form: RunForm): { spec: ContainerCreateSpec; wrong: Wrong } {
  const wrong: Wrong = {}
  const name = form.name.trim()
  if (name !== '' && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) wrong.name = text.badName
  const each = <T>(
    field: 'ports' | 'env' | 'volumes',
    read: (line: string) => T | undefined,
    bad: (l: string) => string,
  ): T[] =>
    linesOf(form[field]).flatMap((line) => {
      const found = read(line)
      if (found === undefined) wrong[field] ??= bad(visible(line))
      return found === undefined ? [] : [found]
    })
  const ports = each('ports', parsePort, text.badPort)
  const env = each('env', (line) => (/^[^=\s][^=]*=/.test(line) ? line : undefined), text.badEnv)
  const volumes = each('volumes', parseVolume, text.badVolume)
  const args = splitWords(form.command)
  if (!args) wrong.command = text.badCommand
  const spec: ContainerCreateSpec = {
    image,
    start: true,
    ...(name ? { name } : {}),
    ...(ports.length > 0 ? { ports } : {}),
    ...(env.length > 0 ? { env } : {}),
    ...(volumes.length > 0 ? { volumes } : {}),
    ...(args && args.length > 0 ? { args } : {}),
  }
  return { spec, wrong }
}

function linesOf(typed: string): string[] {
  return typed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** "80", "8080:80", "127.0.0.1:8080:80/udp", "[::1]:8080:80". */
export function parsePort(line: string): PublishedPort | undefined {
  const found = /^(?:(?:(\[[0-9a-fA-F:.]+\]|\d+\.\d+\.\d+\.\d+):)?(\d*):)?(\d+)(?:\/(tcp|udp|sctp))?$/.exec(line)
  if (!found) return undefined
  const [, hostIP, outside, inside, protocol] = found
  const numbers = [inside, outside].filter((n) => n !== undefined && n !== '').map(Number)
  if (numbers.some((n) => n < 1 || n > 65535)) return undefined
  return {
    containerPort: Number(inside),
    ...(outside ? { hostPort: Number(outside) } : {}),
    ...(hostIP ? { hostIP: hostIP.replace(/^\[|\]$/g, '') } : {}),
    ...(protocol ? { protocol } : {}),
  }
}

/** "data:/target", "/folder:/target:ro", "/target" for a volume without a name. */
export function parseVolume(line: string): VolumeMount | undefined {
  const readOnly = /:r[ow]$/.exec(line)
  const rest = readOnly ? line.slice(0, -3) : line
  const at = rest.lastIndexOf(':/')
  const target = at < 0 ? rest : rest.slice(at + 1)
  const source = at < 0 ? '' : rest.slice(0, at)
  if (!target.startsWith('/') || target === '/' || (at >= 0 && source === '')) return undefined
  return { target, ...(source ? { source } : {}), ...(readOnly?.[0] === ':ro' ? { readOnly: true } : {}) }
}

/** Words as a shell takes them apart, without what it would put in for them; undefined where a quote stays open. */
export function splitWords(line: string): string[] | undefined {
  const found: string[] = []
  let word: string | undefined
  let quote = ''
  for (let i = 0; i < line.length; i++) {
    const c = line.charAt(i)
    if (c === '\\' && quote !== "'" && i + 1 < line.length) word = (word ?? '') + line.charAt(++i)
    else if (quote !== '') {
      if (c === quote) quote = ''
      else word = (word ?? '') + c
    } else if (c === '"' || c === "'") {
      quote = c
      word ??= ''
    } else if (/\s/.test(c)) {
      if (word !== undefined) found.push(word)
      word = undefined
    } else word = (word ?? '') + c
  }
  if (quote !== '') return undefined
  return word === undefined ? found : [...found, word]
}
