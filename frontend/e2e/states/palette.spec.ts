// What the buttons of every page do is in the palette too, from wherever one is.
import type { Page } from '@playwright/test'
import { strings } from '../../src/text/page'
import { making } from '../../src/text/make'
import { diagnostics } from '../../src/text/diagnostics'
import { pulling } from '../../src/text/pull'
import * as samples from './samples'
import { expect, expectAccessible, test } from './stubbed'

async function choose(page: Page, query: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog', { name: strings.palette.open })).toBeVisible()
  await page.keyboard.type(query)
  await page.keyboard.press('Enter')
}

test('an image is pulled, and a volume and a network created, from any page', async ({ page, stub, address }) => {
  await page.goto(`${address}#/settings`)
  await expect(page.getByRole('heading', { level: 1, name: strings.views.settings })).toBeVisible()
  const asks = [
    ['pull', 'images', pulling.title, pulling.reference],
    ['create volume', 'volumes', making.volumes.title, making.volumes.name],
    ['create network', 'networks', making.networks.title, making.networks.name],
  ] as const
  for (const [query, view, title, field] of asks) {
    await choose(page, query)
    const dialog = page.getByRole('dialog', { name: title })
    await expect(dialog.getByRole('textbox', { name: field })).toBeFocused()
    await expect(page.getByRole('heading', { level: 1, name: strings.views[view] })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(dialog).toHaveCount(0)
  }
  await choose(page, 'create volume')
  await expect(page.getByRole('textbox', { name: making.volumes.name })).toBeFocused()
  await page.keyboard.type('data')
  await page.keyboard.press('Enter')
  await expect.poll(() => stub.all('volumecreates')).toHaveLength(1)
})

test('what nobody uses is selected where it is seen', async ({ page, stub, address }) => {
  await page.goto(`${address}#/volumes`)
  await page.keyboard.press('/')
  await page.keyboard.type('nothing-like-it')
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.type('unused volumes')
  const option = page.getByRole('option', { name: /^Select unused volumes/ })
  const count = Number(/\d+/.exec((await option.textContent()) ?? '')?.[0])
  await page.keyboard.press('Enter')
  await expect(page.getByText(strings.select.count(count))).toBeVisible()
  await expect(page.getByRole('row', { selected: true })).toHaveCount(count)
  expect(stub.wishes).toEqual([])
})

test('the checks are run again, projects are ungrouped, the key sheet opens', async ({ page, stub, address }) => {
  let checks = 0
  stub.sides.set('/local/doctor', (_query, say) => {
    checks++
    say(JSON.stringify({ instance: 'berth', version: '1', at: samples.ago(1), findings: [] }))
  })
  await page.goto(address)
  await expect(page.getByRole('row', { name: /^metrics 2 of 2/ })).toBeVisible()
  await choose(page, diagnostics.again)
  await expect.poll(() => checks).toBe(1)
  await choose(page, diagnostics.again)
  await expect.poll(() => checks).toBe(2)
  await choose(page, strings.columns.grouped)
  await expect(page.getByRole('row', { name: 'metrics-grafana-1' })).toBeVisible()
  await expect(page.getByRole('row', { name: /^metrics 2 of 2/ })).toHaveCount(0)
  await choose(page, strings.keys.open)
  await expect(page.getByRole('dialog', { name: strings.keys.open })).toBeVisible()
})

test('what needs the engine rests while that is away, and says why', async ({ page, stub, address }) => {
  stub.put('apps', samples.stopped())
  await page.goto(address)
  await expect(page.getByRole('button', { name: strings.engine.start }).first()).toBeVisible()
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.type('pull an image')
  const option = page.getByRole('option', { name: new RegExp(`^${pulling.title}`) })
  await expect(option).toHaveAttribute('aria-disabled', 'true')
  await expect(option).toContainText(strings.phases.stopped.reason)
  await expectAccessible(page)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: strings.palette.open })).toBeVisible()
  await expect(page.getByRole('dialog', { name: pulling.title })).toHaveCount(0)
})
