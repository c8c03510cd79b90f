import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import type { App } from '../../src/api/app.gen'
import { strings } from '../../src/text/page'
import { first } from '../../src/text/firstRun'
import * as samples from './samples'
import type { Stub } from './stub'
import { expect, expectAccessible, test } from './stubbed'

/** Light and dark as everywhere, and both kinds of high contrast: the page's own, and the system's forced colours. */
async function expectReadable(page: Page): Promise<void> {
  await expectAccessible(page)
  for (const emulated of [{ contrast: 'more' }, { forcedColors: 'active' }] as const) {
    await page.emulateMedia({ colorScheme: 'dark', ...emulated })
    const { violations } = await new AxeBuilder({ page }).withRules(['color-contrast']).analyze()
    expect(
      violations.map((v) => `${JSON.stringify(emulated)}: ${JSON.stringify(v.nodes.map((n) => n.target))}`),
    ).toEqual([])
    await page.emulateMedia({ contrast: 'no-preference', forcedColors: 'none' })
  }
}

const owned = 'You may not use this Docker: its socket belongs to the user root and the group docker'
const join = 'Join its group: sudo usermod -aG docker "$USER", then log in again. Or use another engine: berth set …'
const booting = (): App => {
  const app = samples.starting()
  const step = app.status?.startup?.steps?.[2]
  if (step)
    step.message = '[  12.4] cloud-init: Fetching what the guest needs, which takes a while on a slow line '.repeat(3)
  return app
}

const states: [name: string, app: App, title: string, shows: RegExp, next: string][] = [
  [
    'somebody else’s',
    samples.refusedBy('PermissionDenied', owned, join),
    strings.phases.denied.title,
    /belongs to the user root/,
    strings.engine.retry,
  ],
  [
    'too old',
    samples.refusedBy('VersionMismatch', 'It speaks API 1.38, and not 1.41.', 'Bring it to Docker 20.10 or newer.'),
    strings.phases.mismatch.title,
    /1\.38/,
    strings.engine.retry,
  ],
  ['given up', samples.gaveUp(), strings.phases.gaveUp.title, /three times within a minute/, strings.engine.retry],
  [
    'restarting for a setting',
    samples.withReason({ Running: ['True', 'Stopping'], ContainerEngineReady: ['False', 'Stopped'] }),
    strings.phases.restarting.title,
    /back in a few seconds/,
    strings.engine.stop,
  ],
  [
    'booting, with what the guest says last',
    booting(),
    strings.phases.starting.title,
    /cloud-init: Fetching/,
    strings.engine.cancel,
  ],
]

function empty(stub: Stub): void {
  for (const container of stub.all('containers')) stub.drop('containers', container)
}

for (const [name, app, title, shows, next] of states) {
  test(`the engine is ${name}: its own text and next step, readable in every look`, async ({ page, stub, address }) => {
    stub.put('apps', app)
    empty(stub)
    await page.goto(address)
    await expect(page.getByRole('heading', { name: title })).toBeVisible()
    await expect(page.getByText(shows).first()).toBeVisible()
    await expect(
      page.getByRole('region', { name: strings.engine.region }).getByRole('button', { name: next }),
    ).toBeVisible()
    await expectReadable(page)
  })
}

test('the command that mends a refusal can be copied, and another engine chosen', async ({ page, stub, address }) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  stub.put('apps', samples.refusedBy('PermissionDenied', owned, join))
  empty(stub)
  await page.goto(address)
  await page.getByRole('button', { name: strings.empty.copy }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('sudo usermod -aG docker "$USER"')
  await page.getByRole('link', { name: strings.engine.other }).click()
  await expect(page.getByRole('heading', { name: strings.views.settings, level: 1 })).toBeVisible()
})

test('a start that takes twice its usual time says what can be done', async ({ page, stub, address }) => {
  const app = samples.starting()
  if (app.status?.startup) app.status.startup = { ...app.status.startup, startedAt: samples.ago(30) }
  stub.put('apps', app)
  empty(stub)
  await page.goto(address)
  await expect(page.getByText(strings.engine.slow)).toBeVisible()
  await expectReadable(page)
  await page.getByRole('link', { name: strings.engine.diagnose }).click()
  await expect(page.getByRole('heading', { name: strings.views.diagnostics, level: 1 })).toBeVisible()
})

test('a daemon that was updated asks for a reload, and nothing acts until then', async ({ page, stub, address }) => {
  await page.goto(address)
  await expect(page.getByText('Docker 20.10.24 is running')).toBeVisible()
  // The page must have learnt which version it belongs to.
  await page.waitForLoadState('networkidle')
  stub.version = 'v1.37.2+berth.2'
  stub.down = true
  stub.cut()
  await expect(page.getByRole('status').filter({ hasText: strings.phases.unreachable.title })).toBeVisible()
  stub.down = false
  await expect(page.getByRole('status').filter({ hasText: strings.phases.outdated.title })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Stop shop-web-1' })).toHaveAttribute('aria-disabled', 'true')
  await expectReadable(page)
  await page.getByRole('button', { name: strings.engine.reload }).click()
  await expect(page.getByText('Docker 20.10.24 is running')).toBeVisible()
})

const ways = (stub: Stub, ...found: object[]): void => {
  stub.sides.set('/local/doctor', (_query, say) => {
    say(JSON.stringify(found))
  })
}
const native = { provider: 'native', available: true }
const host = {
  provider: 'host',
  available: true,
  message: 'docker talks to unix:///var/run/docker.sock: its current context.',
}

test('the first time, one click leads to an engine, and is never asked for again', async ({ page, stub, address }) => {
  stub.put('apps', samples.fresh())
  empty(stub)
  ways(stub, native, host, {
    provider: 'lima',
    available: false,
    message: 'There is no /dev/kvm.',
    mend: 'sudo modprobe kvm',
  })
  await page.goto(address)
  await expect(page.getByRole('heading', { name: first.title })).toBeVisible()
  // What leads here is offered only where one is not here.
  await expect(page.getByRole('link', { name: strings.engine.setUp })).toHaveCount(0)
  await page.goto(`${address}#/settings`)
  await page.getByRole('link', { name: strings.engine.setUp }).click()
  await expect(page.getByRole('radio', { name: first.ways.native.title })).toBeChecked()
  await expect(page.getByRole('radio', { name: first.ways.lima.title })).toBeDisabled()
  await expect(page.getByText('There is no /dev/kvm.')).toBeVisible()
  await expect(page.getByText('sudo modprobe kvm')).toBeVisible()
  await expectReadable(page)
  await page.getByRole('button', { name: first.begin }).click()
  await expect
    .poll(() => stub.wishes.at(-1)?.body)
    .toBe('{"spec":{"running":true,"containerEngine":{"provider":"native"}}}')
  stub.put('apps', samples.starting())
  await expect(page.getByRole('list', { name: strings.engine.steps })).toBeVisible()
  stub.put('apps', samples.stopped())
  await expect(page.getByRole('heading', { name: strings.phases.stopped.title })).toBeVisible()
  await expect(page.getByRole('heading', { name: first.title })).toHaveCount(0)
})

test('the first time, another way is chosen by keyboard where the usual one is closed', async ({
  page,
  stub,
  address,
}) => {
  stub.put('apps', samples.fresh())
  empty(stub)
  ways(stub, { provider: 'native', available: false, message: 'dockerd is not installed.' }, host, {
    provider: 'lima',
    available: true,
  })
  stub.refuse = { status: 422, message: 'not yet' }
  stub.refuseWhere = (wish) => wish.body.includes('lima')
  await page.goto(address)
  await expect(page.getByRole('radio', { name: first.ways.host.title })).toBeChecked()
  await expect(page.getByText(first.refused)).toBeVisible()
  stub.refuseWhere = undefined
  await page.getByRole('radio', { name: first.ways.host.title }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toContainText('not yet')
  await expectReadable(page)
})

test('the first time, what the daemon would take is offered though nothing else is known', async ({
  page,
  stub,
  address,
}) => {
  stub.put('apps', samples.fresh())
  empty(stub)
  await page.goto(address)
  await expect(page.getByText(first.unread)).toBeVisible()
  await page.getByRole('button', { name: first.begin }).click()
  await expect.poll(() => stub.wishes.at(-1)?.body).toContain('"provider":"native"')
})

test('what works less well than it should is said while the engine is ready', async ({ page, stub, address }) => {
  const slow = 'This computer has KVM, but it cannot run the machine’s kernel, so the machine is slow.'
  const taken = 'Port 8080 of a container is not reachable on this computer: nginx (process 812) has it.'
  stub.put(
    'apps',
    samples.withReason({
      Running: ['True', 'Started'],
      ContainerEngineReady: ['True', 'Connected'],
      Settled: ['True', 'Settled'],
      Degraded: ['True', 'Warning', `${slow}\n${taken}`],
    }),
  )
  await page.goto(address)
  await expect(page.getByText('Docker 20.10.24 is running')).toBeVisible()
  await expect(page.getByTitle(`${slow} ${taken}`)).toBeVisible()
  await expectReadable(page)
})
