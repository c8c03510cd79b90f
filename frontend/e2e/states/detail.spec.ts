import { strings } from '../../src/text/page'
import { detail } from '../../src/text/container'
import { activity } from '../../src/text/activity'
import { settings } from '../../src/text/settings'
import type { Activity } from '../../src/api/app.gen'
import * as samples from './samples'
import { expect, expectAccessible, test } from './stubbed'

const said = (text: string, n: number, stream = 'stdout'): string =>
  JSON.stringify({ stream, time: new Date(1_800_000_000_000 + n).toISOString(), line: text })

test('a container says why it stopped, and acts', async ({ page, stub, address }) => {
  await page.goto(address)
  await page.getByRole('row', { name: 'shop-worker-1' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: detail.why.oom })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => stub.wishes.at(-1)?.body).toContain('"start"')
  const tabs = page.getByRole('tab')
  await tabs.first().focus()
  for (const tab of ['mounts', 'networks'] as const) {
    await page.getByRole('tab', { name: detail.tabs[tab] }).click()
    await expect(page.getByRole('region', { name: detail.tabs[tab] })).toBeVisible()
    await expectAccessible(page)
  }
  stub.drop('containers', stub.named('shop-worker-1'))
  await expect(page.getByText(detail.gone)).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
})

test('a container that failed shows what it wrote last', async ({ page, stub, address }) => {
  const asked: string[] = []
  stub.sides.set('/log', (query, say) => {
    asked.push(query.toString())
    say(said('migrating', 1), said('\u001b[31mcolumn price is missing\u001b[0m', 2, 'stderr'), said('<b>bold</b>', 3))
  })
  const named = (name: string): string => `${address}#/containers/${stub.named(name)}`
  await page.goto(named('shop-worker-1'))
  const last = page.getByRole('region', { name: detail.lastLines.region })
  await expect(last).toHaveText('migrating\ncolumn price is missing\n<b>bold</b>', { useInnerText: true })
  await expectAccessible(page)

  // It ends once more: what it wrote then is read then.
  const worker = stub.container('shop-worker-1')
  stub.put('containers', { ...worker, status: { ...worker.status, finishedAt: new Date().toISOString() } })
  await expect.poll(() => asked).toEqual(Array(2).fill('tailLines=20&format=json'))

  await page.getByRole('link', { name: detail.lastLines.all }).click()
  await expect(page.getByRole('tab', { name: detail.tabs.logs })).toHaveAttribute('aria-selected', 'true')

  await page.goto(named('shop-web-1'))
  await expect(page.getByRole('heading', { name: detail.why.running })).toBeVisible()
  await expect(last).toHaveCount(0)
})

test('a page that was left at a thing that has gone since opens at the list', async ({ page, stub, address }) => {
  const name = stub.named('shop-web-1')
  await page.goto(`${address}#/containers/${name}/logs`)
  await expect(page.getByRole('heading', { level: 1, name: 'shop-web-1' })).toBeVisible()
  await page.goto('about:blank')
  await page.goto(address)
  await expect(page.getByRole('heading', { level: 1, name: 'shop-web-1' })).toBeVisible()

  await page.goto('about:blank')
  stub.drop('containers', name)
  await page.goto(address)
  await expect(page.getByRole('row', { name: 'shop-db-1' })).toBeVisible()
  await expect(page).toHaveURL(/#\/containers$/)
  // Whoever walks there is told.
  await page.evaluate((hash) => (location.hash = hash), `#/containers/${name}`)
  await expect(page.getByText(detail.gone)).toBeVisible()
})

test('the log follows until it is scrolled, finds, filters, and shows hostile lines as text', async ({
  page,
  stub,
  address,
}) => {
  let tell: ((...lines: string[]) => void) | undefined
  stub.sides.set('/log', async (_query, say) => {
    tell = say
    say(
      ...Array.from({ length: 300 }, (_, n) =>
        said(n % 50 === 7 ? `ERROR number ${String(n)}` : `line ${String(n)}`, n),
      ),
    )
    say(said('<img src=x onerror=alert(1)> \u001b]8;;http://evil\u0007 \u202e\u0000', 400))
    await new Promise(() => undefined)
  })
  await page.goto(`${address}#/containers/${stub.named('dns')}/logs`)
  const log = page.getByRole('log')
  await expect(log).toContainText('<img src=x onerror=alert(1)> ␛]8;;http://evil␇ ⟨U+202E⟩␀')
  await expectAccessible(page)
  tell?.(said('newest', 500))
  await expect(log).toContainText('newest')
  await log.evaluate((element) => {
    element.scrollTop = 200
  })
  await expect(log).toContainText('line 12')
  tell?.(said('after', 501))
  await expect(page.getByRole('button', { name: 'Go to the end, 1 new' })).toBeVisible()
  await expect(log).not.toContainText('after')
  await page.getByRole('button', { name: /^Go to the end/ }).click()
  await expect(log).toContainText('after')

  await page.getByRole('searchbox').fill('number [0-9]*7$')
  await page.getByRole('button', { name: detail.logs.regex }).click()
  await page.getByRole('button', { name: detail.logs.only }).click()
  await expect(page.getByText('6 of 303 lines')).toBeVisible()
  await page.getByRole('button', { name: detail.logs.only }).click()
  await page.getByRole('searchbox').press('Enter')
  await expect(log.locator('.found')).toContainText('ERROR number 7')
  await page.getByRole('searchbox').press('Enter')
  await expect(log.locator('.found')).toContainText('ERROR number 57')
  await page.getByRole('searchbox').fill('(')
  await expect(page.getByText(detail.logs.badPattern)).toBeVisible()
  await page.getByRole('searchbox').fill('')
  await page.getByRole('group', { name: detail.logs.level }).getByRole('button', { name: 'Error' }).click()
  await expect(page.getByText('6 of 303 lines')).toBeVisible()
})

test('the log survives 300,000 lines in a burst and a line of 10 MB', async ({ page, stub, address }) => {
  stub.sides.set('/log', async (_query, say) => {
    say(said('x'.repeat(10_000_000), 0))
    for (let batch = 0; batch < 150; batch++) {
      say(...Array.from({ length: 2000 }, (_, n) => said(`burst ${String(batch * 2000 + n)}`, batch * 2000 + n)))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await new Promise(() => undefined)
  })
  await page.goto(`${address}#/containers/${stub.named('dns')}/logs`)
  await expect(page.getByRole('log')).toContainText('burst 299999', { timeout: 40_000 })
  expect(await page.getByRole('log').locator('.line').count()).toBeLessThan(120)
  await page.getByRole('tab', { name: detail.tabs.overview }).click()
  await expect(page.getByRole('heading', { name: detail.why.running })).toBeVisible()
})

test('secrets are hidden until they are asked for', async ({ page, stub, address }) => {
  stub.sides.set('/inspect', (_query, say) => {
    say(JSON.stringify({ Id: 'x', Config: { Env: ['PATH=/bin', 'TOKEN=hunter2'] }, State: { Pid: 4711 } }))
  })
  await page.goto(`${address}#/containers/${stub.named('dns')}/environment`)
  await expect(page.getByRole('rowheader', { name: 'TOKEN' })).toBeVisible()
  await expect(page.getByText('hunter2')).toHaveCount(0)
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Show TOKEN' }).click()
  await expect(page.getByText('hunter2')).toBeVisible()

  await page.getByRole('tab', { name: detail.tabs.inspect }).click()
  await page.getByRole('searchbox').fill('token')
  await expect(page.getByRole('treeitem', { name: /TOKEN=hidden/ })).toBeVisible()
  await page.getByRole('searchbox').fill('pid')
  await expect(page.getByRole('treeitem', { name: /Pid 4711/ })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: detail.inspect.raw }).click()
  await expect(page.getByRole('region', { name: detail.inspect.raw })).toContainText('TOKEN=hidden')
})

test('usage is shown while the page is seen', async ({ page, stub, address }) => {
  stub.sides.set('/stats', async (_query, say) => {
    say(samples.usage(stub.container('dns'), 12.4, 64e6))
    await new Promise(() => undefined)
  })
  await page.goto(address)
  const dns = page.getByRole('row', { name: /^dns/ })
  await expect(dns).toContainText('12 %')
  await expect(dns).toContainText('64.0 MB')
})

test('settings are checked before they are applied, and say what it means', async ({ page, stub, address }) => {
  await page.goto(`${address}#/settings`)
  await expect(page.getByText(settings.unchanged)).toBeVisible()
  await page.getByRole('radio', { name: /already there/ }).check()
  await expect(page.getByText(settings.restarts)).toBeVisible()
  await page.getByRole('textbox').fill('two words')
  await page.getByRole('button', { name: settings.apply }).click({ force: true })
  expect(stub.wishes).toEqual([])
  await expectAccessible(page)
  await page.getByRole('textbox').fill('default')
  stub.refuse = { status: 422, message: 'no such context' }
  await page.getByRole('button', { name: settings.apply }).click()
  await expect(page.getByRole('alert')).toContainText('no such context')
  expect(stub.wishes.length).toBe(1)
  stub.refuse = undefined
  await page.getByRole('button', { name: settings.apply }).click()
  await expect.poll(() => stub.wishes.length).toBe(3) // a dry run comes before the wish
  expect(stub.wishes.at(-1)?.body).toBe('{"spec":{"containerEngine":{"provider":"host","host":"default"}}}')
})

test('diagnostics tell the worst first, with what mends it', async ({ page, stub, address }) => {
  stub.sides.set('/local/doctor', (_query, say) => {
    const findings = [
      { check: 'daemon', level: 'ok', message: 'It answers.' },
      { check: 'clock', level: 'problem', message: 'It is off.\u202e', mend: 'berth restart' },
    ]
    say(JSON.stringify({ instance: 'berth', version: '1', at: samples.ago(1), findings }))
  })
  await page.goto(`${address}#/diagnostics`)
  const items = page.getByRole('region', { name: strings.views.diagnostics }).getByRole('listitem')
  await expect(items.first()).toContainText('clock')
  await expect(items.first()).toContainText('berth restart')
  await expectAccessible(page)
})

test('activity tells what happened, filtered and linked', async ({ page, stub, address }) => {
  const one = (name: string, status: Activity['status']): Activity => ({ metadata: { name }, status: status ?? {} })
  stub.put(
    'activities',
    one('000660eac13d833a', {
      at: samples.ago(60),
      kind: 'Container',
      object: stub.named('dns'),
      title: 'dns',
      reason: 'Started',
    }),
    one('000660eac2b69b10', {
      at: samples.ago(30),
      kind: 'App',
      title: 'Engine',
      reason: 'CrashLoop',
      severity: 'Warning',
      by: 'cli',
    }),
  )
  await page.goto(`${address}#/activity`)
  const items = page.getByRole('region', { name: strings.views.activity }).getByRole('listitem')
  await expect(items.first()).toContainText('crash loop')
  await expectAccessible(page)
  await page.getByRole('button', { name: activity.only }).click()
  await expect(items).toHaveCount(1)
  await page.getByRole('button', { name: activity.only }).click()
  await items.getByRole('link', { name: 'dns' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'dns' })).toBeVisible()
})
