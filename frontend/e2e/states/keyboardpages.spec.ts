// What keyboard.spec.ts does with containers, with everything else: no pointer, and it is always known where one is.
import type { Page } from '@playwright/test'
import { strings } from '../../src/lib/strings'
import { detail } from '../../src/lib/stringsDetail'
import { things } from '../../src/lib/stringsThings'
import { expect, test } from './stubbed'

/** Goes on to what is called so, forwards, as a person does who sees it. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab')
    const label = await page.evaluate(() => {
      const at = document.activeElement
      const by = at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement ? at.labels?.[0]?.textContent : ''
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
