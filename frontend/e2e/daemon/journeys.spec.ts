import type { Page } from '@playwright/test'
import { strings } from '../../src/text/page'
import { expect, expectAccessible, test } from '../watched'
import { windowAddress } from '../window/desktop'
import { Instance } from './instance'

const instance = (): Instance => Instance.current()

/** Where the page is: in the window's project behind the window, else at the daemon's own server. */
function address(): string {
  const window = test.info().project.name === 'window' ? windowAddress() : undefined
  return window ?? instance().berth('ui', '--no-open')
}

async function open(page: Page, view = 'containers'): Promise<void> {
  await page.goto(address())
  await expect(page.getByText(/^Docker .* is running$/)).toBeVisible({ timeout: 30_000 })
  if (view !== 'containers') await page.getByRole('link', { name: strings.views[view as 'images' | 'volumes'] }).click()
}

function state(name: string): string {
  return instance().docker('inspect', '-f', '{{.State.Status}}', name)
}

test.afterEach(() => {
  const ids = instance().docker('ps', '-aq')
  if (ids) instance().docker('rm', '-f', '-v', ...ids.split('\n'))
})

test('the address works once, and leaves no token behind', { tag: '@browser' }, async ({ page, browser }) => {
  const url = instance().berth('ui', '--no-open')
  await page.goto(url)
  await expect(page.getByText(/^Docker .* is running$/)).toBeVisible()
  expect(page.url()).not.toContain('token')
  await page.reload()
  await expect(page.getByText(/^Docker .* is running$/)).toBeVisible()
  const stranger = await browser.newPage()
  await stranger.goto(url)
  await expect(stranger.getByRole('heading', { name: strings.phases.signedOut.title })).toBeVisible()
  await stranger.close()
})

test('many tabs are open at once, and all of them are live', { tag: '@browser' }, async ({ page, context }) => {
  await open(page)
  const address = page.url().replace(/#.*/, '')
  const tabs = [page]
  for (let n = 2; n <= 4; n++) {
    const tab = await context.newPage()
    await tab.goto(address)
    tabs.push(tab)
  }
  instance().run('seen-everywhere')
  for (const tab of tabs) await expect(tab.getByRole('row', { name: /^seen-everywhere/ })).toContainText('Running')
  const last = tabs.at(-1) ?? page
  await last.getByRole('button', { name: 'Stop seen-everywhere' }).click()
  for (const tab of tabs)
    await expect(tab.getByRole('row', { name: /^seen-everywhere/ })).toContainText('Exited', { timeout: 20_000 })
})

test('what a shell does shows up', async ({ page }) => {
  await open(page)
  await expect(page.getByRole('heading', { name: strings.empty.containers.title })).toBeVisible()
  instance().run('from-shell')
  const row = page.getByRole('row', { name: /^from-shell/ })
  await expect(row).toContainText('Running')
  await expect(row).toContainText('busybox')
  instance().docker('stop', '-t', '5', 'from-shell')
  await expect(row).toContainText('Exited')
  instance().docker('rm', 'from-shell')
  await expect(row).toHaveCount(0)
  await expect(page.getByRole('heading', { name: strings.empty.containers.title })).toBeVisible()
})

test('a page that is loaded over and over is as live as the first', async ({ page }) => {
  const at = instance().run('looked-at')
  await open(page)
  for (let i = 0; i < 16; i++) {
    await page.reload()
    await expect(page.getByRole('row', { name: /^looked-at/ })).toContainText('Running')
  }
  await page.evaluate((hash) => (location.hash = hash), `#/containers/${at}/terminal`)
  await expect(page.locator('.xterm-rows')).toContainText('#', { timeout: 20_000 })
})

test('stop, start and delete act, and docker agrees', async ({ page }) => {
  instance().run('acted-on')
  await open(page)
  const row = page.getByRole('row', { name: /^acted-on/ })
  await row.getByRole('button', { name: 'Stop acted-on' }).click()
  await expect(row.getByRole('button', { name: 'Start acted-on' })).toBeVisible({ timeout: 20_000 })
  expect(state('acted-on')).toBe('exited')
  await row.getByRole('button', { name: 'Start acted-on' }).click()
  await expect(row.getByRole('button', { name: 'Stop acted-on' })).toBeVisible()
  expect(state('acted-on')).toBe('running')

  await row.getByRole('button', { name: 'Delete acted-on' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('acted-on is running and will be killed.')
  await page.keyboard.press('Enter') // Cancel has the focus
  await expect(dialog).toHaveCount(0)
  expect(state('acted-on')).toBe('running')

  await row.getByRole('button', { name: 'Delete acted-on' }).click()
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await expect(row).toHaveCount(0, { timeout: 20_000 })
  expect(instance().docker('ps', '-aq', '-f', 'name=acted-on')).toBe('')
})

test('a compose project acts as one', async ({ page }) => {
  for (const name of ['shop-a', 'shop-b']) instance().run(name, '--label', 'com.docker.compose.project=shop')
  await open(page)
  await expect(page.getByRole('row', { name: 'shop 2 of 2 running' })).toBeVisible()
  await page.getByRole('button', { name: 'Stop all of shop' }).click()
  await expect(page.getByRole('row', { name: 'shop 0 of 2 running' })).toBeVisible({ timeout: 20_000 })
  expect([state('shop-a'), state('shop-b')]).toEqual(['exited', 'exited'])
})

test('all of a compose project is read as one log', async ({ page }) => {
  for (const name of ['shop-a-1', 'shop-b-1'])
    instance().docker(
      'run',
      '-d',
      '--network',
      'none',
      '--name',
      name,
      '--label',
      'com.docker.compose.project=shop',
      'busybox',
      'sh',
      '-c',
      `echo ${name} began; trap 'echo ${name} ends; exit 0' TERM; sleep 100000 & wait`,
    )
  await open(page)
  await page.getByRole('button', { name: strings.group.logs('shop') }).click()
  const lines = page.getByRole('log').locator('.line')
  const began = [/a-1 +│ shop-a-1 began/, /b-1 +│ shop-b-1 began/]
  await expect(lines).toHaveText(began)
  instance().docker('stop', 'shop-b-1')
  await expect(lines).toHaveText([...began, /b-1 +│ shop-b-1 ends/])
  instance().docker('start', 'shop-b-1')
  await expect(lines.last()).toHaveText(/b-1 +│ shop-b-1 began/)
  await expect(lines).toHaveCount(5)
})

test('hostile labels are text', async ({ page }) => {
  const project = '<img src=x onerror=alert(1)>\u202e'
  instance().run('hostile', '--label', `com.docker.compose.project=${project}`)
  await open(page)
  await expect(page.getByRole('row', { name: '<img src=x onerror=alert(1)>⟨U+202E⟩ 1 of 1 running' })).toBeVisible()
  await expect(page.locator('img')).toHaveCount(0)
})

test('everything by keyboard', async ({ page }) => {
  instance().run('by-keyboard')
  await open(page)
  await expect(page.getByRole('row', { name: /^by-keyboard/ })).toBeVisible()
  await page.keyboard.press('/')
  await page.keyboard.type('by-key')
  const row = page.getByRole('row', { name: /^by-keyboard/ })
  // Past what clears the search, chooses columns and sorts.
  for (let i = 0; i < 15 && !(await row.evaluate((element) => element === document.activeElement)); i++)
    await page.keyboard.press('Tab')
  await expect(page.getByRole('row', { name: /^by-keyboard/ })).toBeFocused()
  await page.keyboard.press('s')
  await expect(page.getByRole('row', { name: /^by-keyboard/ })).toContainText('Exited', { timeout: 20_000 })
  expect(state('by-keyboard')).toBe('exited')
  await page.keyboard.press('Delete')
  await expect(page.getByRole('dialog').getByRole('button', { name: strings.confirm.cancel })).toBeFocused()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('row', { name: /^by-keyboard/ })).toHaveCount(0)
  expect(instance().docker('ps', '-aq')).toBe('')
})

test('images and volumes are listed and deleted', async ({ page }) => {
  const { docker } = { docker: (...args: string[]) => instance().docker(...args) }
  docker('tag', 'busybox:latest', 'extra:1')
  docker('volume', 'create', 'data')
  await open(page, 'images')
  await expect(page.getByRole('row', { name: /^busybox:latest/ })).toBeVisible()
  await page.getByRole('button', { name: 'Delete extra:1' }).click()
  await expect(page.getByRole('dialog')).toContainText('Only this tag goes.')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('row', { name: /^extra:1/ })).toHaveCount(0)
  expect(docker('images', '-q', 'extra')).toBe('')
  expect(docker('images', '-q', 'busybox')).not.toBe('')

  await page.getByRole('link', { name: strings.views.volumes }).click()
  await page.getByRole('button', { name: 'Delete data' }).click()
  await page.getByRole('dialog').getByRole('textbox').fill('data')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('heading', { name: strings.empty.volumes.title })).toBeVisible()
  expect(docker('volume', 'ls', '-q')).toBe('')
})

test('every page is accessible in light and dark', { tag: '@browser' }, async ({ page }) => {
  instance().run('seen')
  await open(page)
  for (const view of ['containers', 'images', 'volumes', 'networks', 'activity', 'settings', 'diagnostics'] as const) {
    await page.getByRole('link', { name: strings.views[view] }).click()
    await expect(page.getByRole('heading', { level: 1, name: strings.views[view] })).toBeVisible()
    await expectAccessible(page)
  }
})

test('the engine stops and starts from the page, and controls follow', async ({ page }) => {
  instance().run('survivor', '--restart', 'always')
  await open(page)
  const stop = page.getByRole('button', { name: 'Stop survivor' })
  await expect(stop).not.toHaveAttribute('aria-disabled')
  await page.getByRole('button', { name: strings.engine.stop }).click()
  await expect(page.getByRole('heading', { name: strings.phases.stopped.title })).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText(strings.empty.containers.title)).toHaveCount(0)
  await page.getByRole('button', { name: strings.engine.start }).click()
  await expect(page.getByText(/^Docker .* is running$/)).toBeVisible({ timeout: 60_000 })
  await expect(stop).toBeVisible()
  await expect(stop).not.toHaveAttribute('aria-disabled')
})
