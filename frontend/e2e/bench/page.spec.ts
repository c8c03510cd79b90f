// What the page costs, against a stub in this process: prints the rows of docs/benchmarks.md.
import { loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import { gzipSync } from 'node:zlib'
import type { Page } from '@playwright/test'
import * as samples from '../states/samples'
import type { Stub } from '../states/stub'
import { expect, test } from '../states/stubbed'

const many = 1000
const frame = 1000 / 60

test.setTimeout(180_000)

function print(what: string, value: string, budget: string): void {
  console.log(`| ${what} | ${value} (load ${(loadavg()[0] ?? 0).toFixed(1)}) | ${budget} |`)
}

function share(sorted: readonly number[], part: number): string {
  return `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN).toFixed(1)} ms`
}

const summary = (times: number[]): string => {
  times.sort((a, b) => a - b)
  return `p50 ${share(times, 0.5)}, p95 ${share(times, 0.95)}`
}

async function open(page: Page, stub: Stub, address: string, rows = many): Promise<void> {
  for (let i = 0; i < rows; i++)
    stub.put(
      'containers',
      samples.container(`many-${String(i)}`, {
        ports: [{ name: '80/tcp', port: 80, protocol: 'tcp', bindings: [{ hostIP: '0.0.0.0', hostPort: 10_000 + i }] }],
      }),
    )
  await page.goto(address)
  await expect(page.getByRole('treegrid')).toHaveAttribute('aria-rowcount', String(rows + 11 + 2 + 1))
}

test('an event reaches the eye', async ({ page, stub, address }) => {
  await open(page, stub, address)
  // Painted is: the row has it, and the frame that shows it has been made.
  await page.evaluate(() => {
    const state = window as unknown as { painted: Map<string, number> }
    state.painted = new Map()
    const grid = document.querySelector('[role=treegrid]')
    if (!grid) throw new Error('no list')
    new MutationObserver(() => {
      const found = /image-(\d+):new/.exec(grid.textContent)?.[0]
      if (found === undefined || state.painted.has(found)) return
      state.painted.set(found, NaN)
      requestAnimationFrame(() => {
        const channel = new MessageChannel()
        channel.port1.onmessage = () => state.painted.set(found, performance.timeOrigin + performance.now())
        channel.port2.postMessage(0)
      })
    }).observe(grid, { subtree: true, childList: true, characterData: true })
  })
  const times: number[] = []
  const container = stub.container('shop-web-1')
  for (let n = 0; n < 200; n++) {
    const image = `image-${String(n)}:new`
    const sent = performance.timeOrigin + performance.now()
    stub.put('containers', { ...container, status: { ...container.status, image } })
    const seen = await page.waitForFunction((name) => {
      const at = (window as unknown as { painted: Map<string, number> }).painted.get(name)
      return at === undefined || Number.isNaN(at) ? 0 : at
    }, image)
    times.push((await seen.jsonValue()) - sent)
  }
  print(`event to painted row, ${String(many)} containers, 200 events`, summary(times), 'p95 40 ms')
})

async function scroll(page: Page, stub: Stub, address: string, rows: number): Promise<void> {
  stub.sides.set('/stats', async (_query, say) => {
    const tick = (): void => {
      for (const id of stub.all('containers').slice(0, 200))
        say(samples.usage({ status: { id } }, Math.random() * 20, 64e6))
    }
    tick()
    const timer = setInterval(tick, 1000)
    await new Promise((resolve) => setTimeout(resolve, 60_000))
    clearInterval(timer)
  })
  await open(page, stub, address, rows)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busy = async (): Promise<number> => {
    const { metrics } = await cdp.send('Performance.getMetrics')
    return (metrics.find((metric) => metric.name === 'TaskDuration')?.value ?? NaN) * 1000
  }
  for (const [how, pixels] of [
    ['a wheel', 120],
    ['a flick', 400],
    ['a dragged bar', 2000],
  ] as const) {
    if (process.env['BERTH_PROFILE'] !== undefined) {
      await cdp.send('Profiler.enable')
      await cdp.send('Profiler.setSamplingInterval', { interval: 200 })
      await cdp.send('Profiler.start')
    }
    const before = await busy()
    const times = await page.evaluate(async (step) => {
      const body = document.querySelector('[role=treegrid] .body')
      if (!body) throw new Error('no list')
      const frames: number[] = []
      let last = performance.now()
      let way = 1
      await new Promise<void>((done) => {
        const next = (): void => {
          const now = performance.now()
          frames.push(now - last)
          last = now
          if (body.scrollTop + body.clientHeight >= body.scrollHeight - 1) way = -1
          else if (body.scrollTop <= 0) way = 1
          body.scrollTop += way * step
          if (frames.length < 300) requestAnimationFrame(next)
          else done()
        }
        requestAnimationFrame(next)
      })
      return frames
    }, pixels)
    const each = ((await busy()) - before) / times.length
    if (process.env['BERTH_PROFILE'] !== undefined) {
      const { profile } = await cdp.send('Profiler.stop')
      const { writeFileSync } = await import('node:fs')
      writeFileSync(`${process.env['BERTH_PROFILE']}-${String(pixels)}.cpuprofile`, JSON.stringify(profile))
    }
    print(
      `${String(rows)} rows scrolled as with ${how}, processor time a frame`,
      `${each.toFixed(1)} ms`,
      `${frame.toFixed(1)} ms`,
    )
    print(`${String(rows)} rows scrolled as with ${how}, frame to frame`, summary(times), `${frame.toFixed(1)} ms`)
  }
}

for (const rows of [many, 5 * many])
  test(`a list of ${String(rows)} scrolls`, async ({ page, stub, address }) => {
    await scroll(page, stub, address, rows)
  })

test('the first load is small', async ({ page, address }) => {
  const bodies: Promise<Buffer>[] = []
  page.on('response', (response) => {
    if (!/\/(apis|version)/.test(response.url())) bodies.push(response.body())
  })
  await page.goto(address)
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  const bytes = (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0)
  print('first load of the page, gzipped', `${(bytes / 1024).toFixed(1)} kB`, '80 kB')
})
