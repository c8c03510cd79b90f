/* eslint-disable svelte/prefer-svelte-reactivity -- a run is replaced, and what is in it never changes */
import type { Container } from '../api/containers.gen'
import type { KindName } from '../api/kinds'
import { sensible, type Verb } from '../lib/actions'
import { heldUp, nameOf, troubleOf } from '../lib/containers'
import type { Berth } from './berth.svelte'

/** What is asked of many things at once, and what came of it. */
interface Run {
  verb: Verb
  kind: KindName
  /** Object names with their names for people. */
  asked: ReadonlyMap<string, string>
  /** When each had last been acted on: a newer time is the answer. */
  before: ReadonlyMap<string, string | undefined>
  /** Those that the daemon did not take. */
  refused: ReadonlySet<string>
}

export interface Outcome {
  verb: Verb
  all: number
  done: number
  failed: { id: string; name: string; text: string }[]
  over: boolean
}

/** As many requests as are under way at once: an engine that is asked a thousand things is deaf for everyone. */
const atOnce = 6

export class Bulk {
  #run = $state.raw<Run>()

  constructor(readonly berth: Berth) {}

  /** Asks for what makes sense, and leaves the others alone. */
  async act(verb: Verb, containers: readonly Container[]): Promise<void> {
    const wanted = containers.filter((container) => sensible(verb, container))
    const named = new Map(wanted.map((c) => [c.metadata?.name ?? '', nameOf(c)]))
    await this.#ask(verb, 'containers', named, (name) =>
      verb === 'delete' ? this.berth.remove('containers', name) : this.berth.act(name, verb),
    )
  }

  async remove(kind: KindName, named: ReadonlyMap<string, string>): Promise<void> {
    await this.#ask('delete', kind, named, (name) => this.berth.remove(kind, name))
  }

  /** What came of it so far; undefined where nothing was asked of more than one thing. */
  get outcome(): Outcome | undefined {
    const run = this.#run
    if (!run) return undefined
    const failed: Outcome['failed'] = []
    let done = 0
    for (const [id, name] of run.asked) {
      const now = this.berth[run.kind]?.items.get(id)
      if (run.refused.has(id)) failed.push({ id, name, text: this.berth.trouble(id, undefined)?.text ?? '' })
      else if (!now) done++
      else if (run.kind === 'containers' && run.verb !== 'delete') {
        if (completedAt(now) === run.before.get(id)) continue
        const trouble = troubleOf(now)
        if (trouble) failed.push({ id, name, text: trouble.text })
        else done++
      } else {
        const held = heldUp(now.metadata?.deletionTimestamp, now.status?.conditions)
        if (held) failed.push({ id, name, text: held.text })
      }
    }
    return { verb: run.verb, all: run.asked.size, done, failed, over: done + failed.length === run.asked.size }
  }

  dismiss(): void {
    this.#run = undefined
  }

  async #ask(
    verb: Verb,
    kind: KindName,
    asked: ReadonlyMap<string, string>,
    wish: (name: string) => Promise<boolean>,
  ): Promise<void> {
    const refused = new Set<string>()
    const before = new Map([...asked.keys()].map((id) => [id, completedAt(this.berth.containers?.items.get(id))]))
    const show = (): void => {
      this.#run = asked.size > 1 ? { verb, kind, asked, before, refused: new Set(refused) } : undefined
    }
    show()
    const waiting = [...asked.keys()]
    const worker = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        if (!(await wish(name))) refused.add(name)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    show()
  }
}

function completedAt(container: Container | undefined): string | undefined {
  return container?.status?.lastAction?.completedAt
}
