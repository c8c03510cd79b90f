import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { strings } from '../../src/text/page'
import { first } from '../../src/text/firstRun'
import { own } from '../../src/text/settings'
import { making } from '../../src/text/make'
import { things } from '../../src/text/things'
import { expect, test } from '../watched'
import { Instance } from './instance'

const instance = (): Instance => Instance.current()

async function open(page: Page, hash: string): Promise<void> {
  await page.goto(instance().berth('ui', '--no-open'))
  await expect(page.getByText(/^Docker .* is running$/)).toBeVisible({ timeout: 30_000 })
  await page.evaluate((to) => (location.hash = to), hash)
}

test.afterEach(() => {
  const ids = instance().docker('ps', '-aq')
  if (ids) instance().docker('rm', '-f', '-v', ...ids.split('\n'))
})

test('an image is read and run, and docker has the container', async ({ page }) => {
  await open(page, '#/images')
  await page.getByRole('link', { name: 'busybox:latest' }).click()
  await expect(page.getByText(`linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`).last()).toBeVisible()
  await expect(page.getByRole('heading', { name: things.image.layers })).toBeVisible()
  await page.getByRole('button', { name: things.image.run }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: things.run.name }).fill('from-page')
  await dialog.getByRole('textbox', { name: things.run.env }).fill('A=1 2')
  await dialog.getByRole('textbox', { name: things.run.command }).fill('sh -c "sleep 1000"')
  await page.keyboard.press('Enter')
  const row = page.getByRole('row', { name: /^from-page/ })
  await expect(row).toHaveAttribute('aria-selected', 'true')
  await expect(row).toContainText('Running')
  expect(instance().docker('inspect', '-f', '{{json .Config.Env}} {{json .Args}}', 'from-page')).toContain('"A=1 2"')

  await page.goBack()
  await page.getByRole('button', { name: things.image.run }).click()
  await dialog.getByRole('textbox', { name: things.run.name }).fill('from-page')
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('alert')).toContainText('from-page')
})

test('a volume is measured, and its files are read through who uses it', async ({ page }) => {
  await open(page, '#/volumes')
  await page.getByRole('button', { name: making.volumes.open }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: making.volumes.name }).fill('read-me')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('link', { name: 'read-me' })).toBeVisible()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  const script = 'busybox mkdir /v/inner; busybox head -c 5000 /dev/zero >/v/inner/zeros; exec sleep 1000'
  const made = ['run', '-d', '--init', '--network', 'none', '--name', 'keeper', '-v', 'read-me:/v']
  instance().docker(...made, 'busybox', 'sh', '-c', script)
  await page.getByRole('link', { name: 'read-me' }).click()
  await page.getByRole('button', { name: things.volume.measure }).click()
  await expect(page.getByText(/^5\.\d+ kB, measured/)).toBeVisible({ timeout: 30_000 })
  await page.getByRole('button', { name: 'inner' }).click()
  await expect(page.getByText('zeros')).toBeVisible()
  await page.getByRole('link', { name: 'keeper' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'keeper' })).toBeVisible()
  instance().docker('rm', '-f', 'keeper')
  instance().docker('volume', 'rm', 'read-me')
})

test('a network names its members', async ({ page }) => {
  await open(page, '#/networks')
  await page.getByRole('button', { name: making.networks.open }).click()
  const dialog = page.getByRole('dialog', { name: making.networks.title })
  await dialog.getByRole('textbox', { name: making.networks.name }).fill('bridge')
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('alert')).toContainText('already exists')
  await dialog.getByRole('textbox', { name: making.networks.name }).fill('meet')
  await page.keyboard.press('Enter')
  await expect(dialog).toHaveCount(0)
  instance().docker('run', '-d', '--init', '--network', 'meet', '--name', 'member', 'busybox', 'sleep', '1000')
  await page.getByRole('link', { name: 'meet' }).click()
  await expect(page.getByRole('link', { name: 'member' })).toBeVisible()
  await expect(page.getByText(/^172\.|^192\.|^10\./).first()).toBeVisible()
  instance().docker('rm', '-f', 'member')
  instance().docker('network', 'rm', 'meet')
})

test('the settings know what docker uses', async ({ page }) => {
  await open(page, '#/settings')
  await expect(page.getByText(/docker uses the context “/)).toBeVisible({ timeout: 20_000 })
  await expect(page.getByRole('switch', { name: own.autostart })).toBeVisible()
})

test('a new Berth asks once where its engine shall run, and one click makes it ready', async ({ page }) => {
  const fresh = new Instance(mkdtempSync(join(tmpdir(), 'berth-e2e-first-')))
  try {
    await page.goto(fresh.berth('ui', '--no-open'))
    await expect(page.getByRole('heading', { name: first.title })).toBeVisible()
    await expect(page.getByRole('radio', { name: first.ways.native.title })).toBeChecked()
    await page.getByRole('button', { name: first.begin }).click()
    await expect(page.getByText(/^Docker .* is running$/)).toBeVisible({ timeout: 60_000 })
    await page.getByRole('button', { name: strings.engine.stop }).click()
    await expect(page.getByRole('heading', { name: strings.phases.stopped.title })).toBeVisible({ timeout: 60_000 })
    await expect(page.getByRole('heading', { name: first.title })).toHaveCount(0)
  } finally {
    fresh.berth('quit')
    execFileSync('sh', ['-c', `grep -o "${fresh.home}[^ ]*" /proc/self/mounts | sort -r | xargs -r -n1 umount -l`])
    rmSync(fresh.home, { recursive: true, force: true })
  }
})
