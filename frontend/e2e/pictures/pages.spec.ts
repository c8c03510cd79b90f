// Makes the pictures of docs/pictures.md on a real daemon and a real dockerd. Nothing is asserted but that each page
// comes to show what its picture is of.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { projectKey } from '../../src/lib/project'
import { making } from '../../src/text/make'
import { strings } from '../../src/text/page'
import { detail } from '../../src/text/container'
import { first } from '../../src/text/firstRun'
import { things } from '../../src/text/things'
import { Instance } from '../daemon/instance'
import { furnish } from './shop'

const out = join(import.meta.dirname, '../../../docs/images')

/** Long enough for a hover or a focus to have been drawn. */
const drawn = 300

/** Takes the page as it is, in both themes. */
async function shoot(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0) // no row looks pointed at
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.waitForTimeout(drawn)
    const path = join(out, `${name}${colorScheme === 'dark' ? '-dark' : ''}.png`)
    await page.screenshot({ path })
    // A page has few colours: a palette of them makes the file a third of its size, and nobody sees the difference.
    execFileSync('pngquant', ['--force', '--strip', '--output', path, '128', path])
  }
}

async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => (location.hash = to), hash)
}

test('every page is taken in both themes', async ({ page }) => {
  const berth = Instance.create()
  try {
    await page.goto(berth.berth('ui', '--no-open'))
    await beforeTheStart(page)
    await page.getByRole('button', { name: first.begin }).click()
    await expect(page.getByText(/^Docker .* is running$/)).toBeVisible({ timeout: 60_000 })
    const api = furnish(berth)
    await lists(page)
    await oneContainer(page, api)
    await oneThing(page)
    await settingsAndWords(page)
    await noEngine(page, berth)
  } finally {
    await berth.end()
  }
})

async function beforeTheStart(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: first.title })).toBeVisible()
  await expect(page.getByText(first.looking)).toHaveCount(0, { timeout: 30_000 })
  await shoot(page, 'first-run')
}

async function lists(page: Page): Promise<void> {
  await go(page, '#/containers')
  await expect(page.getByRole('row', { name: /^shop-web-1/ })).toContainText('Running')
  await page.waitForTimeout(30_000) // processor and memory get a history
  await shoot(page, 'containers')
  await page
    .getByRole('row', { name: /^shop-web-1/ })
    .getByRole('button', { name: 'Delete shop-web-1' })
    .click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await shoot(page, 'delete')
  await page.keyboard.press('Escape')
  for (const view of ['images', 'volumes', 'networks', 'activity', 'diagnostics'] as const) {
    await go(page, `#/${view}`)
    await expect(page.getByRole('heading', { level: 1, name: strings.views[view] })).toBeVisible()
    await page.waitForTimeout(view === 'diagnostics' ? 8_000 : 1_500)
    await shoot(page, view)
    if (view === 'networks') await shootDialog(page)
  }
}

async function shootDialog(page: Page): Promise<void> {
  await page.getByRole('button', { name: making.networks.open }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: making.networks.name }).fill('backend')
  await page.getByRole('dialog').getByRole('textbox', { name: making.networks.subnet }).fill('10.5.0.0/16')
  await shoot(page, 'create')
  await page.keyboard.press('Escape')
}

async function oneContainer(page: Page, id: string): Promise<void> {
  for (const side of [
    'overview',
    'logs',
    'terminal',
    'stats',
    'files',
    'inspect',
    'environment',
    'mounts',
    'networks',
  ] as const) {
    await go(page, `#/containers/${id}/${side}`)
    await expect(page.getByRole('tab', { name: detail.tabs[side] })).toHaveAttribute('aria-selected', 'true')
    if (side === 'terminal') await typeALittle(page)
    await page.waitForTimeout(side === 'stats' ? 20_000 : 3_000)
    await shoot(page, side === 'networks' ? 'container-networks' : side)
  }
  await go(page, `#/containers/${encodeURIComponent(projectKey('shop'))}`)
  await expect(page.getByRole('group', { name: detail.logs.whose })).toBeVisible()
  await page.waitForTimeout(3_000)
  await shoot(page, 'project')
  await go(page, '#/containers')
  await page.getByRole('link', { name: 'migrate' }).click()
  await page.waitForTimeout(1_000)
  await shoot(page, 'why')
}

async function typeALittle(page: Page): Promise<void> {
  const screen = page.locator('.xterm-rows')
  await expect(screen).toContainText('#', { timeout: 20_000 })
  await page.locator('.xterm-helper-textarea').focus()
  for (const line of ['cat config.yaml', 'ls -l', 'uname -sm', 'ps']) {
    await page.keyboard.type(line)
    await page.keyboard.press('Enter')
    await page.waitForTimeout(drawn)
  }
}

async function oneThing(page: Page): Promise<void> {
  await go(page, '#/images')
  await page.getByRole('link', { name: /shop\/api/ }).click()
  await expect(page.getByRole('heading', { name: things.image.layers })).toBeVisible()
  await page.waitForTimeout(1_000)
  await shoot(page, 'image')
  await page.getByRole('button', { name: things.image.run }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await shoot(page, 'run')
  await page.keyboard.press('Escape')
  await go(page, '#/volumes')
  await page.getByRole('link', { name: 'shop_pgdata' }).click()
  await page.getByRole('button', { name: things.volume.measure }).click()
  await expect(page.getByText(/measured .* ago/)).toBeVisible({ timeout: 30_000 })
  await shoot(page, 'volume')
  await go(page, '#/networks')
  await page.getByRole('link', { name: 'shop_default' }).click()
  await expect(page.getByRole('link', { name: 'shop-web-1' })).toBeVisible()
  await shoot(page, 'network')
}

async function settingsAndWords(page: Page): Promise<void> {
  await go(page, '#/settings')
  await expect(page.getByText(/docker uses the context “/)).toBeVisible({ timeout: 20_000 })
  await shoot(page, 'settings')
  await go(page, '#/containers')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('shop')
  await shoot(page, 'palette')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog')).toBeVisible()
  await shoot(page, 'keys')
  await page.keyboard.press('Escape')
}

async function noEngine(page: Page, berth: Instance): Promise<void> {
  berth.berth('stop')
  await expect(page.getByRole('heading', { name: strings.phases.stopped.title })).toBeVisible()
  await shoot(page, 'stopped')
  try {
    berth.berth(
      'set',
      'containerEngine.provider=host',
      'containerEngine.host=unix:///nowhere/docker.sock',
      'running=true',
    )
  } catch {
    // It says that the engine did not start: that is the picture.
  }
  await expect(page.getByText('/nowhere/docker.sock').first()).toBeVisible({ timeout: 30_000 })
  await shoot(page, 'failed')
}
