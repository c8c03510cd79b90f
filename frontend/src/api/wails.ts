import type { Desktop } from './desktop'
import { ApiError } from './error'
import { inOrder } from './ordered'
import type { Transport } from './transport'

/**
 * The pipe through the window: two bindings carry what the page asks, events carry what is streamed back. Wails' own
 * asset server cannot stream on every system.
 */
export function wailsTransport({ bridge, runtime }: Desktop, newID = (): string => crypto.randomUUID()): Transport {
  return {
    async request({ method, path, contentType, body }) {
      try {
        return await bridge.Request(method, path, contentType ?? '', body ?? '')
      } catch (thrown) {
        throw new ApiError(0, words(thrown))
      }
    },

    stream(path, lines, signal) {
      const id = newID()
      return new Promise<void>((resolve, reject) => {
        const unsubscribe: (() => void)[] = []
        const done = (settle: () => void): void => {
          for (const end of unsubscribe.splice(0)) end()
          signal.removeEventListener('abort', abort)
          settle()
        }
        const abort = (): void => {
          void bridge.Close(id)
          done(resolve)
        }
        if (signal.aborted) {
          resolve()
          return
        }
        signal.addEventListener('abort', abort)
        const ordered = inOrder(
          (batch) => {
            lines(batch)
            void bridge.Ack(id, 1)
          },
          (reason, status) => {
            done(() => {
              if (reason) reject(new ApiError(status, reason))
              else resolve()
            })
          },
        )
        // An event that nobody listens to is lost, so the page listens first and opens then.
        unsubscribe.push(
          runtime.EventsOn(`stream:${id}`, (batch, number) => {
            ordered.batch(batch, number)
          }),
          runtime.EventsOn(`stream-end:${id}`, (reason, status, count) => {
            ordered.end(reason, status, count)
          }),
        )
        bridge.Open(id, path).catch((thrown: unknown) => {
          done(() => {
            reject(new ApiError(0, words(thrown)))
          })
        })
      })
    },
  }
}

function words(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
