// What keyboard.spec.ts does with containers, with everything else: no pointer, and it is always known where one is.
import type { Page } from '@playwright/test'
import type { Activity } from '../../src/api/app.gen'
import { strings } from '../../src/text/page'
import { detail } from '../../src/text/container'
import { activity } from '../../src/text/activity'
import { diagnostics } from '../../src/text/diagnostics'
import { settings } from '../../src/text/settings'
import { things } from '../../src/text/things'
import * as samples from './samples'
import { expect, test } from './stubbed'

/** Goes on to what is called so, forwards, as a person does who sees it. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab')
    const label = await page.evaluate(() => {
      const at = document.activeElement
      const by = at && 'labels' in at ? (at as HTMLInputElement).labels?.[0]?.textContent : ''
      return at?.getAttribute('aria-label') ?? (by || at?.textContent || '')
    })
    if (name.test(label.trim())) return
  }
  throw new Error(`Tab never came to ${String(name)}`)
}

test('an image is looked into, run and deleted by keyboard', async ({ page, stub, address }) => {
  await page.goto(`${address}#/images`)
  const row = page.getByRole('row', { name: /^busybox/ })
  await expect(row).toBeVisible()
  await page.keyboard.press('/')
  await expect(page.locator('input:focus')).toBeVisible()
  await page.keyboard.type('busybox')
  await tabTo(page, /^busybox/)
  await expect(row).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'busybox:latest' })).toBeVisible()
  await tabTo(page, new RegExp(`^${things.image.run}`))
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: things.run.title('busybox:latest') })
  await expect(dialog.getByRole('textbox', { name: things.run.name })).toBeFocused()
  await page.keyboard.type('typed')
  await page.keyboard.press('Control+Enter')
  await expect.poll(() => stub.wishes.at(-1)?.body ?? '').toContain('"name":"typed"')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('heading', { level: 1, name: strings.views.images })).toBeVisible()

  await tabTo(page, /^busybox/)
  await page.keyboard.press('Delete')
  await expect(page.getByRole('button', { name: strings.confirm.cancel })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(row).toBeFocused()
  expect(stub.wishes.filter((wish) => wish.method === 'DELETE')).toEqual([])
})

test('a volume is deleted by its typed name, by keyboard', async ({ page, stub, address }) => {
  await page.goto(`${address}#/volumes`)
  const row = page.getByRole('row', { name: /^shop_pgdata/ })
  await expect(row).toBeVisible()
  await page.keyboard.press('/')
  await page.keyboard.type('shop_pgdata')
  await tabTo(page, /^shop_pgdata/)
  await page.keyboard.press('Delete')
  await expect(page.getByRole('button', { name: strings.confirm.cancel })).toBeFocused()
  await page.keyboard.type('shop_pgdata') // nothing is deleted by who types on without a look
  await expect(page.getByRole('dialog')).toBeVisible()
  expect(stub.wishes).toEqual([])
  await tabTo(page, /^Type /)
  await expect(page.getByRole('dialog').getByRole('textbox')).toBeFocused()
  await page.keyboard.type('shop_pgdata')
  await page.keyboard.press('Enter')
  await expect.poll(() => stub.wishes.at(-1)?.method).toBe('DELETE')
  await expect(row).toBeFocused()
})

test('a network leads to its members and back, by keyboard', async ({ page, stub, address }) => {
  await page.goto(`${address}#/networks`)
  const row = page.getByRole('row', { name: /^shop_default/ })
  await expect(row).toBeVisible()
  await page.keyboard.press('/')
  await page.keyboard.type('shop_default')
  await tabTo(page, /^shop_default/)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'shop_default' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('heading', { level: 1, name: strings.views.networks })).toBeVisible()
  await expect(row).toBeVisible()
  expect(stub.wishes).toEqual([])
})

test('the sides of a container are gone through by keyboard', async ({ page, stub, address }) => {
  await page.goto(`${address}#/containers/${stub.named('shop-web-1')}`)
  await expect(page.getByRole('heading', { level: 1, name: 'shop-web-1' })).toBeVisible()
  await tabTo(page, new RegExp(`^${detail.tabs.overview}$`))
  for (const side of ['logs', 'terminal', 'stats', 'files', 'inspect', 'environment', 'mounts', 'networks'] as const) {
    await page.keyboard.press('ArrowRight')
    await expect(page.getByRole('tab', { name: detail.tabs[side], exact: true })).toBeFocused()
    // To go by is not to open: a shell would be begun, and take the next key.
    await expect(page.getByRole('tab', { name: detail.tabs.overview })).toHaveAttribute('aria-selected', 'true')
  }
  await page.keyboard.press('Enter')
  await expect(page.getByRole('tab', { name: detail.tabs.networks })).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Home')
  await expect(page.getByRole('tab', { name: detail.tabs.overview })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('heading', { level: 1, name: strings.views.containers })).toBeVisible()
})

test('the look and the engine are set by keyboard, and what is wrong keeps its place', async ({
  page,
  stub,
  address,
}) => {
  await page.goto(address)
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  await page.keyboard.press('6')
  await expect(page.getByRole('heading', { level: 1, name: strings.views.settings })).toBeVisible()
  await tabTo(page, new RegExp(`^${settings.themes.system}$`))
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('radio', { name: settings.themes.light })).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(page.locator('html')).toHaveAttribute('data-scheme', 'dark')

  await tabTo(page, new RegExp(`^${settings.providers.native}`))
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('radio', { name: settings.providers.host })).toBeFocused()
  await tabTo(page, new RegExp(`^${settings.host}`))
  await page.keyboard.type('no such thing')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('textbox', { name: settings.host })).toBeFocused()
  await expect(page.getByText(settings.badHost).first()).toBeVisible()
  expect(stub.wishes).toEqual([])
  await tabTo(page, new RegExp(`^${settings.apply}$`))
  await page.keyboard.press('Enter') // it rests, is reached, and says why
  await expect(page.getByRole('button', { name: settings.apply })).toHaveAccessibleDescription(settings.badHost)
  expect(stub.wishes).toEqual([])
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type('default')
  await tabTo(page, new RegExp(`^${settings.apply}$`))
  await page.keyboard.press('Enter')
  await expect
    .poll(() => stub.wishes.at(-1)?.body)
    .toBe('{"spec":{"containerEngine":{"provider":"host","host":"default"}}}')
  await expect(page.getByRole('button', { name: settings.apply })).toBeFocused()
})

test('changes that are taken back by keyboard leave the focus where one goes on', async ({ page, stub, address }) => {
  await page.goto(`${address}#/settings`)
  await expect(page.getByRole('radio', { name: settings.providers.native })).toBeChecked()
  await tabTo(page, new RegExp(`^${settings.providers.native}`))
  await page.keyboard.press('ArrowDown')
  await tabTo(page, new RegExp(`^${settings.revert}$`))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('radio', { name: settings.providers.native })).toBeChecked()
  await expect(page.getByRole('button', { name: settings.apply })).toBeFocused()
  expect(stub.wishes).toEqual([])
})

test('the activity is searched, narrowed and followed by keyboard', async ({ page, stub, address }) => {
  const one = (name: string, status: Activity['status']): Activity => ({ metadata: { name }, status: status ?? {} })
  const dns = stub.named('dns')
  stub.put(
    'activities',
    one('000660eac13d833a', {
      at: samples.ago(60),
      kind: 'Container',
      object: dns,
      title: 'dns',
      reason: 'Exited',
      severity: 'Warning',
    }),
    one('000660eac2b69b10', { at: samples.ago(30), kind: 'App', title: 'Engine', reason: 'Started' }),
  )
  await page.goto(address)
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  await page.keyboard.press('5')
  const items = page.getByRole('region', { name: strings.views.activity }).getByRole('listitem')
  await expect(items).toHaveCount(2)
  await page.keyboard.press('/')
  await expect(page.getByRole('textbox', { name: activity.find })).toBeFocused()
  await page.keyboard.type('engine')
  await expect(items).toHaveCount(1)
  await page.keyboard.press('Escape')
  await expect(items).toHaveCount(2)
  await tabTo(page, new RegExp(`^${activity.kind}`))
  await page.keyboard.type(activity.kinds.Container)
  await expect(items).toHaveCount(1)
  await tabTo(page, new RegExp(`^${activity.only}$`))
  await page.keyboard.press('Space')
  await expect(page.getByRole('button', { name: activity.only })).toHaveAttribute('aria-pressed', 'true')
  await expect(items).toHaveCount(1)
  await tabTo(page, /^dns$/)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'dns' })).toBeVisible()
})

test('the checks are run again and copied by keyboard', async ({ page, stub, address, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  let checks = 0
  stub.sides.set('/local/doctor', (_query, say) => {
    checks++
    const findings = [{ check: 'clock', level: 'problem', message: 'It is off.', mend: 'berth restart' }]
    say(JSON.stringify({ instance: 'berth', version: '1', at: samples.ago(1), findings }))
  })
  await page.goto(address)
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  await page.keyboard.press('7')
  await expect(page.getByText('It is off.')).toBeVisible()
  await tabTo(page, new RegExp(`^${diagnostics.copy}$`))
  await page.keyboard.press('Enter')
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain('clock\tIt is off.')
  await tabTo(page, new RegExp(`^${diagnostics.again}$`))
  await page.keyboard.press('Enter')
  await expect.poll(() => checks).toBe(2)
  await expect(page.getByRole('button', { name: diagnostics.again })).toBeFocused()
  await tabTo(page, new RegExp(`^${strings.empty.copy}$`))
  await page.keyboard.press('Enter')
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('berth restart')
})
