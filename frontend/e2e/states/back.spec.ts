import type { Locator, Page } from '@playwright/test'
import { strings } from '../../src/text/page'
import * as samples from './samples'
import { expect, test } from './stubbed'

const body = (page: Page): Locator => page.locator('[role=treegrid] .body')
const scrolled = (page: Page): Promise<number> => body(page).evaluate((element) => Math.round(element.scrollTop))

test('Back, another page and a new window find the list as it was left', async ({ page, stub, address }) => {
  for (let i = 100; i < 300; i++) stub.put('containers', samples.container(`many-${String(i)}`))
  for (let i = 0; i < 3; i++)
    stub.put('containers', samples.container(`many-shop-${String(i)}`, { composeProject: 'shop' }))
  await page.goto(address)
  const grid = page.getByRole('treegrid', { name: strings.views.containers })
  const shop = page.getByRole('row', { name: /^shop / })
  await shop.focus()
  await page.keyboard.press('ArrowLeft')
  await expect(shop).toHaveAttribute('aria-expanded', 'false')
  await page.getByRole('combobox').fill('many')
  await grid.getByRole('button', { name: 'Name' }).click()
  await grid.getByRole('button', { name: 'Name' }).click()
  await expect(shop).toHaveAttribute('aria-expanded', 'true') // what is found in a project is shown
  for (const name of ['many-299', 'many-297']) {
    await page.getByRole('row', { name: new RegExp(`^${name}`) }).focus()
    await page.keyboard.press('Space')
  }
  await body(page).evaluate((element) => {
    element.scrollTop = 2600
  })
  const link = grid.getByRole('link', { name: /^many-/ }).nth(8)
  await expect(link).toBeVisible()
  const at = await scrolled(page)
  expect(at).toBeGreaterThan(2000)
  const name = (await link.textContent()) ?? ''

  const asItWas = async (): Promise<void> => {
    await expect(page.getByRole('combobox')).toHaveValue('many')
    await expect.poll(() => scrolled(page)).toBe(at)
    await expect(page.getByRole('link', { name })).toBeInViewport()
    await expect(grid.getByRole('columnheader', { name: 'Name' })).toHaveAttribute('aria-sort', 'descending')
    await expect(page.getByRole('toolbar', { name: strings.select.bar })).toContainText('2 selected')
  }
  await link.click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  await page.goBack()
  await asItWas()
  await page.getByRole('link', { name: strings.views.images }).click()
  await expect(page.getByRole('heading', { level: 1, name: strings.views.images })).toBeVisible()
  await page.goBack()
  await asItWas()
  await page.waitForFunction(() => localStorage.getItem('berth.places')?.includes('many') === true)
  await page.reload()
  await asItWas()
  await body(page).evaluate((element) => {
    element.scrollTop = 0
  })
  await expect(page.getByRole('row', { name: /^many-299/ })).toHaveAttribute('aria-selected', 'true')
  await expect(page.getByRole('row', { name: /^many-298/ })).toHaveAttribute('aria-selected', 'false')
  await expect(page.getByRole('row', { name: /^many-297/ })).toHaveAttribute('aria-selected', 'true')
  await page.getByRole('combobox').fill('')
  await expect(shop).toHaveAttribute('aria-expanded', 'false')
})
