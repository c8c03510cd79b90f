// What the page keeps of an hour in which ten things a second happened: nothing, if all is well.
import { loadavg } from 'node:os'
import type { Page } from '@playwright/test'
import * as samples from '../states/samples'
import type { Stub } from '../states/stub'
import { expect, test } from '../states/stubbed'

const many = 1000
const eventsAMinute = 600

test.setTimeout(600_000)

interface Kept {
  heap: number
  nodes: number
  listeners: number
}

/** A minute's events at once: rows that change, containers that come and go, and one change at the end that can be seen. */
async function minute(page: Page, stub: Stub, n: number): Promise<void> {
  for (let i = 0; i < eventsAMinute - 1; i++) {
    if (i % 10 === 0) {
      const brief = samples.container(`brief-${String(n)}-${String(i)}`)
      stub.put('containers', brief)
      stub.drop('containers', brief.metadata?.name ?? '')
      continue
    }
    const container = stub.container(`many-${String((n * 7 + i) % many)}`)
    stub.put('containers', { ...container, status: { ...container.status, image: `turn-${String(n)}:${String(i)}` } })
  }
  const last = `minute-${String(n)}:over`
  const seen = stub.container('shop-web-1')
  stub.put('containers', { ...seen, status: { ...seen.status, image: last } })
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toContainText(last, { timeout: 60_000 })
}

test('an hour of events is forgotten', async ({ page, stub, address }) => {
  for (let i = 0; i < many; i++) stub.put('containers', samples.container(`many-${String(i)}`))
  await page.goto(address)
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  const kept = async (): Promise<Kept> => {
    await cdp.send('HeapProfiler.collectGarbage')
    const { metrics } = await cdp.send('Performance.getMetrics')
    const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? NaN
    return { heap: of('JSHeapUsedSize'), nodes: of('Nodes'), listeners: of('JSEventListeners') }
  }

  // What the first minutes fill, such as compiled code and each row's history, is not what leaks.
  for (let n = 0; n < 5; n++) await minute(page, stub, n)
  const before = await kept()
  for (let n = 5; n < 65; n++) await minute(page, stub, n)
  const after = await kept()

  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
  console.log(
    `| page memory before and after ${String(60 * eventsAMinute)} events, ${String(many)} containers ` +
      `| ${megabytes(before.heap)} and ${megabytes(after.heap)} MB of JavaScript, ${String(before.nodes)} and ` +
      `${String(after.nodes)} nodes, ${String(before.listeners)} and ${String(after.listeners)} listeners ` +
      `(load ${(loadavg()[0] ?? 0).toFixed(1)}) | flat |`,
  )
})
