import type { App } from '../../src/api/app.gen'
import { strings } from '../../src/text/page'
import * as samples from './samples'
import { expect, expectAccessible, test } from './stubbed'

const states: [name: string, app: App, title: string, shows: RegExp][] = [
  ['stopped', samples.stopped(), strings.phases.stopped.title, /kept/],
  ['starting', samples.starting(), strings.phases.starting.title, /Reading containers/],
  ['failed', samples.failed(), strings.phases.failed.title, /Another Docker uses the network/],
  ['crashed', samples.crashed(), strings.phases.crashed.title, /was killed/],
  ['reconnecting', samples.reconnecting(), strings.phases.reconnecting.title, /does not answer on its socket/],
  [
    'not mirrored',
    samples.withReason({ Running: ['True', 'Started'], ContainerEngineReady: ['False', 'NotApplicable'] }),
    strings.phases.notMirrored.title,
    /nerdctl/,
  ],
]

for (const [name, app, title, shows] of states) {
  test(`the engine is ${name}: rows stay, controls say why they rest`, async ({ page, stub, address }) => {
    await page.goto(address)
    const row = page.getByRole('row', { name: 'shop-web-1' })
    await expect(row).toBeVisible()
    const box = await row.boundingBox()

    stub.put('apps', app)
    await expect(page.getByRole('status').filter({ hasText: title })).toBeVisible()
    await expect(row).toBeVisible()
    expect(await row.boundingBox(), 'nothing moves under the pointer').toEqual(box)
    await expect(page.getByText(/as of \d\d:\d\d:\d\d/)).toBeVisible()

    const stop = page.getByRole('button', { name: 'Stop shop-web-1' })
    await expect(stop).toHaveAttribute('aria-disabled', 'true')
    await expect(stop).toHaveAccessibleDescription(/\S/)
    await stop.click({ force: true })
    await page.getByRole('button', { name: 'Delete shop-web-1' }).click({ force: true })
    await expect(page.getByRole('dialog')).toHaveCount(0)
    expect(stub.wishes).toEqual([])

    await page.getByRole('button', { name: 'Details' }).click()
    await expect(page.locator('#engine-details')).toContainText(shows)
    await expectAccessible(page)
  })

  test(`the engine is ${name} and nothing is known: the page says so, not that it is empty`, async ({
    page,
    stub,
    address,
  }) => {
    stub.put('apps', app)
    for (const container of stub.all('containers')) stub.drop('containers', container)
    await page.goto(address)
    await expect(page.getByRole('heading', { name: title })).toBeVisible()
    await expect(page.getByText(shows).first()).toBeVisible()
    await expect(page.getByText(strings.empty.containers.title)).toHaveCount(0)
    await expectAccessible(page)
  })
}

test('a start shows its steps with their times, and can be cancelled', async ({ page, stub, address }) => {
  stub.put('apps', samples.starting())
  for (const container of stub.all('containers')) stub.drop('containers', container)
  await page.goto(address)
  const steps = page.getByRole('list', { name: strings.engine.steps }).getByRole('listitem')
  await expect(steps).toHaveCount(3)
  await expect(steps.nth(1)).toContainText('Starting Docker, done')
  await expect(steps.nth(1)).toContainText('1.8 s')
  await expect(steps.nth(1)).toContainText('usually 1.5 s')
  await expect(page.getByText(/a start usually takes 3\.0 s here/)).toBeVisible()
  await expect(steps.nth(2)).toContainText('120/1000')
  await page.getByRole('button', { name: strings.engine.cancel }).click()
  await expect.poll(() => stub.wishes.at(-1)?.body).toBe('{"spec":{"running":false}}')
})

test('trying again asks for one more attempt', async ({ page, stub, address }) => {
  stub.put('apps', samples.failed())
  await page.goto(address)
  await page.getByRole('button', { name: strings.engine.retry }).click()
  await expect
    .poll(() => stub.wishes.map((wish) => wish.body))
    .toEqual([expect.stringMatching(/^{"spec":{"running":true,"retriedAt":"20.*Z"}}$/)])
})

test('a refused wish to start says why', async ({ page, stub, address }) => {
  stub.put('apps', samples.stopped())
  stub.refuse = { status: 422, message: 'lima is not available yet in this version' }
  await page.goto(address)
  await page.getByRole('button', { name: strings.engine.start }).click()
  await expect(page.getByRole('region', { name: 'Engine' })).toContainText('lima is not available yet')
})

test('the daemon goes and comes back: rows stay, then follow again', async ({ page, stub, address }) => {
  await page.goto(address)
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  stub.down = true
  stub.cut()
  await expect(page.getByRole('status').filter({ hasText: strings.phases.unreachable.title })).toBeVisible()
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  await expect(page.getByText(/as of \d\d:\d\d:\d\d/)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Stop shop-web-1' })).toHaveAttribute('aria-disabled', 'true')
  await expectAccessible(page)

  const gone = stub.named('shop-web-1')
  stub.drop('containers', gone)
  stub.down = false
  await expect(page.getByText('Docker 20.10.24 is running')).toBeVisible()
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toHaveCount(0)
  await expect(page.getByText(/as of/)).toHaveCount(0)
})

test('watches that end in order are resumed without a sign', async ({ page, stub, address }) => {
  await page.goto(address)
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  stub.endWatches()
  await expect.poll(() => stub.watching).toBeGreaterThanOrEqual(5)
  stub.put('containers', samples.container('late'))
  await expect(page.getByRole('row', { name: 'late' })).toBeVisible()
  await expect(page.getByText('Docker 20.10.24 is running')).toBeVisible()
})

test('a browser without a session is told how to get one', async ({ page, stub, address }) => {
  stub.signedOut = true
  await page.goto(address)
  await expect(page.getByRole('heading', { name: strings.phases.signedOut.title })).toBeVisible()
  await expect(page.getByText(/berth ui/).first()).toBeVisible()
  await expectAccessible(page)
})
