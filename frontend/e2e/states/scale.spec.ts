import { gzipSync } from 'node:zlib'
import type { Response } from '@playwright/test'
import * as samples from './samples'
import { expect, test } from './stubbed'

test('a thousand containers are a few rows at a time, and scroll', async ({ page, stub, address }) => {
  for (let i = 0; i < 1000; i++) stub.put('containers', samples.container(`many-${String(i)}`))
  await page.goto(address)
  const grid = page.getByRole('treegrid', { name: 'Containers' })
  await expect(grid).toHaveAttribute('aria-rowcount', String(1000 + 11 + 2 + 1))
  expect(await grid.getByRole('row').count()).toBeLessThan(60)

  await page.getByRole('row', { name: 'metrics 2 of 2' }).focus()
  await page.keyboard.press('End')
  await expect(page.getByRole('row', { name: /^registry/ })).toBeFocused()
  // The processor time of the page's thread, which other programs on a busy machine do not change.
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busy = async (): Promise<number> => {
    const { metrics } = await cdp.send('Performance.getMetrics')
    return metrics.find((metric) => metric.name === 'TaskDuration')?.value ?? NaN
  }
  const before = await busy()
  const frames = await page.evaluate(async () => {
    const body = document.querySelector('[role=treegrid] .body')
    if (!body) throw new Error('no list')
    let n = 0
    await new Promise<void>((done) => {
      const step = (): void => {
        n++
        body.scrollTop -= 400
        if (body.scrollTop > 0) requestAnimationFrame(step)
        else done()
      }
      requestAnimationFrame(step)
    })
    return n
  })
  const each = ((await busy()) - before) * (1000 / frames)
  console.log(`scrolling 1,000 rows: ${String(frames)} frames of ${each.toFixed(1)} ms processor time each`)
  expect(frames).toBeGreaterThan(100)
})

test('rows come back where they were left', async ({ page, stub, address }) => {
  for (let i = 0; i < 200; i++) stub.put('containers', samples.container(`many-${String(i)}`))
  await page.goto(address)
  const body = page.locator('[role=treegrid] .body')
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  await body.evaluate((element) => {
    element.scrollTop = 3000
  })
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toHaveCount(0)
  await page.getByRole('link', { name: 'Images' }).click()
  await expect(page.getByRole('row', { name: 'busybox' })).toBeVisible()
  await page.goBack()
  await expect.poll(() => body.evaluate((element) => element.scrollTop)).toBe(3000)
})

test('the first load is small, and nothing moves while it comes', async ({ page, address }) => {
  const bodies: Promise<Buffer>[] = []
  const note = (response: Response): void => {
    if (!response.url().includes('/apis/')) bodies.push(response.body())
  }
  page.on('response', note)
  await page.addInitScript(() => {
    const state = window as unknown as { shift: number }
    state.shift = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) state.shift += (entry as unknown as { value: number }).value
    }).observe({ type: 'layout-shift', buffered: true })
  })
  await page.goto(address)
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  page.off('response', note) // what comes later is fetched ahead, for the other pages
  const bytes = (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0)
  console.log(`first load: ${(bytes / 1024).toFixed(1)} kB gzipped`)
  expect(bytes).toBeLessThan(80 * 1024)
  expect(await page.evaluate(() => (window as unknown as { shift: number }).shift)).toBeLessThan(0.01)
})
