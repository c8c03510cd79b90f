// Terminal, statistics and files of real containers.
import { readFileSync } from 'node:fs'
import type { Locator, Page } from '@playwright/test'
import { strings } from '../../src/text/page'
import { detail } from '../../src/text/container'
import { sides } from '../../src/text/sides'
import { expect, expectAccessible, test } from '../watched'
import { windowAddress } from '../window/desktop'
import { Instance } from './instance'

const instance = (): Instance => Instance.current()

async function open(page: Page, id: string, side: string): Promise<void> {
  const window = test.info().project.name === 'window' ? windowAddress() : undefined
  await page.goto(window ?? instance().berth('ui', '--no-open'))
  await expect(page.getByText(/^Docker .* is running$/)).toBeVisible({ timeout: 30_000 })
  await page.evaluate((hash) => {
    location.hash = hash
  }, `#/containers/${id}/${side}`)
}

const screen = (page: Page): Locator => page.locator('.xterm-rows')

/** Where a shell waits. */
async function prompted(page: Page): Promise<void> {
  await expect(screen(page)).toContainText('#', { timeout: 20_000 })
}

async function typed(page: Page, line: string): Promise<void> {
  await page.keyboard.type(line)
  await page.keyboard.press('Enter')
}

test.afterEach(() => {
  const ids = instance().docker('ps', '-aq')
  if (ids) instance().docker('rm', '-f', '-v', ...ids.split('\n'))
})

test('a shell is typed into, resized, left by a key, and goes on while other pages are looked at', async ({ page }) => {
  const id = instance().run('shelled')
  await open(page, id, 'terminal')
  await prompted(page)
  await expectAccessible(page)
  await page.locator('.xterm-helper-textarea').focus()
  await typed(page, 'x=4; echo sum-$((x+3)); stty size')
  await expect(screen(page)).toContainText('sum-7')
  // Tab and Escape are the shell's.
  await page.keyboard.press('Tab')
  await page.keyboard.press('Escape')
  await expect(page.locator('.xterm-helper-textarea')).toBeFocused()
  await page.keyboard.press('F6')
  await expect(page.getByRole('tab', { name: detail.tabs.terminal })).toBeFocused()

  await page.getByRole('link', { name: strings.views.images }).click()
  await page.goBack()
  await expect(screen(page)).toContainText('sum-7')
  await typed(page, 'echo still-$x')
  await expect(screen(page)).toContainText('still-4')

  await page.getByRole('button', { name: sides.terminal.open }).click()
  await expect(screen(page)).not.toContainText('still-4')
  await prompted(page)
  await expect(page.locator('.xterm-helper-textarea')).toBeFocused()
  await typed(page, 'exit 3')
  await expect(page.getByText(sides.terminal.endedCode(3))).toBeVisible()
  await page.getByRole('button', { name: sides.terminal.again }).click()
  await typed(page, 'echo back-$((40+2))')
  await expect(screen(page)).toContainText('back-42')
})

test('fifty megabytes of output freeze nothing', async ({ page }) => {
  const id = instance().run('loud')
  await open(page, id, 'terminal')
  await prompted(page)
  await page.locator('.xterm-helper-textarea').focus()
  await page.evaluate(() => {
    const seen = { worst: 0, last: performance.now() }
    Object.assign(window, { seen })
    const beat = (): void => {
      const now = performance.now()
      seen.worst = Math.max(seen.worst, now - seen.last)
      seen.last = now
      requestAnimationFrame(beat)
    }
    beat()
  })
  const began = Date.now()
  await typed(
    page,
    '/bin/busybox yes abcdefghijklmnopqrstuvwxyz | /bin/busybox head -c 50000000; echo all-$((1+1))-said',
  )
  await expect(screen(page)).toContainText('all-2-said', { timeout: 150_000 })
  const worst = await page.evaluate(() => (window as unknown as { seen: { worst: number } }).seen.worst)
  console.log(`50 MB in ${String(Date.now() - began)} ms, the longest wait for a frame ${worst.toFixed(0)} ms`)
  expect(worst).toBeLessThan(10_000) // it goes on
})

test('a stopped container says why it has no terminal and has one once it runs, and one without a shell says so', async ({
  page,
}) => {
  const id = instance().run('off')
  instance().docker('kill', 'off')
  await open(page, id, 'terminal')
  await expect(page.getByRole('heading', { name: sides.terminal.stopped })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: sides.terminal.start }).click()
  await prompted(page)

  instance().importBare()
  instance().docker('run', '-d', '--network', 'none', '--name', 'bare', 'bare', '/only', 'sleep', '100000')
  const bare = instance().docker('ps', '-q', '--no-trunc', '-f', 'name=bare')
  await page.evaluate((hash) => {
    location.hash = hash
  }, `#/containers/${bare}/terminal`)
  await expect(page.getByText(sides.terminal.noShell)).toBeVisible({ timeout: 30_000 })
})

test('statistics are drawn, told in numbers, and kept when one comes back', async ({ page }) => {
  const id = instance().docker(
    'run',
    '-d',
    '--init',
    '--network',
    'none',
    '--memory',
    '64m',
    '--name',
    'busy',
    'busybox',
    'sh',
    '-c',
    'while :; do :; done',
  )
  await open(page, id, 'stats')
  const table = page.getByRole('table')
  await expect(table.getByRole('row', { name: new RegExp(`^${sides.stats.cpu} [1-9]`) })).toBeVisible({
    timeout: 20_000,
  })
  await expect(page.getByRole('region', { name: sides.stats.memory })).toContainText('of 67.1 MB')
  await expect(page.locator('.uplot canvas')).toHaveCount(5)
  await expectAccessible(page)
  await page.getByRole('tab', { name: detail.tabs.overview }).click()
  await page.getByRole('tab', { name: detail.tabs.stats }).click()
  await expect(table.getByRole('row', { name: new RegExp(`^${sides.stats.cpu} [1-9]`) })).toBeVisible()
  instance().docker('kill', 'busy')
  await expect(page.getByRole('heading', { name: sides.stats.stopped })).toBeVisible()
})

test(
  'files of a stopped container are browsed by keyboard, read and downloaded',
  { tag: '@browser' },
  async ({ page }) => {
    const script = [
      'mkdir -p /d/deep /d/many',
      "printf 'one\\ttwo\\n<img src=x onerror=alert(1)> \\342\\200\\256 \\033[31m\\n' >/d/notes.txt",
      'ln -s notes.txt /d/link; ln -s deep /d/door; echo inside >/d/deep/inner; cp /bin/busybox /d/binary',
      'i=0; while [ $i -lt 5000 ]; do : >/d/many/f$i; i=$((i+1)); done',
    ].join('; ')
    const id = instance().docker(
      'create',
      '--network',
      'none',
      '--name',
      'filed',
      '-e',
      'PATH=/bin',
      'busybox',
      'busybox',
      'sh',
      '-c',
      script.replace(/\b(mkdir|printf|ln|cp) /g, 'busybox $1 '),
    )
    instance().docker('start', '-a', 'filed')
    await open(page, id, 'files')
    const grid = page.getByRole('grid', { name: sides.files.region })
    await expect(grid.getByRole('row', { name: /Folder d / })).toBeVisible({ timeout: 20_000 })
    await expectAccessible(page)
    await grid.getByRole('row', { name: /Folder d / }).click()
    await expect(grid.getByRole('row', { name: /notes\.txt/ }).first()).toBeVisible()
    await expect(grid.getByRole('row', { name: /Folder deep/ })).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(grid.getByRole('row', { name: /inner/ })).toBeFocused()
    await page.keyboard.press('Backspace')
    await expect(grid.getByRole('row', { name: /Folder deep/ })).toBeFocused()

    await grid.getByRole('row', { name: /File notes\.txt/ }).click()
    const shown = page.getByRole('region', { name: sides.files.view('notes.txt') })
    await expect(shown).toHaveText('one\ttwo\n<img src=x onerror=alert(1)> ⟨U+202E⟩ ␛[31m\n')
    await expectAccessible(page)
    const fetched = page.waitForEvent('download')
    await grid.getByRole('button', { name: sides.files.download('notes.txt') }).click()
    expect(readFileSync(await (await fetched).path(), 'utf8')).toContain('one\ttwo\n')
    await grid.getByRole('row', { name: /Link link/ }).click()
    await expect(page.getByRole('region', { name: sides.files.view('link') })).toContainText('one')
    await grid.getByRole('row', { name: /File binary/ }).click()
    await expect(page.getByText(sides.files.binary)).toBeVisible()
    await page.getByRole('button', { name: sides.files.close }).click()
    await grid.getByRole('row', { name: /Link door/ }).click()
    await expect(grid.getByRole('row', { name: /inner/ })).toBeVisible()
    await page.getByRole('button', { name: sides.files.up }).click()

    await grid.getByRole('row', { name: /Folder many/ }).click()
    await expect(page.getByText(sides.files.count(5000))).toBeVisible({ timeout: 20_000 })
    expect(await grid.getByRole('row').count()).toBeLessThan(80)
    await page.keyboard.press('End')
    await expect(grid.getByRole('row', { name: /f4999/ })).toBeFocused()
    const packed = page.waitForEvent('download')
    await page.getByRole('button', { name: sides.files.downloadFolder }).click()
    const archive = await packed
    expect(archive.suggestedFilename()).toBe('many.tar')
    expect(readFileSync(await archive.path()).includes('many/f4999')).toBe(true)
  },
)

test('the log survives a real line of 10 MB, a torrent of lines, and a label of 100 KB', async ({ page }) => {
  const label = 'x'.repeat(100_000)
  const say =
    'busybox head -c 10000000 /dev/zero | busybox tr "\\0" y; echo; busybox yes torrent | busybox head -n 500000; echo the-end; sleep 100000'
  const id = instance().docker(
    'run',
    '-d',
    '--init',
    '--network',
    'none',
    '--name',
    'torrent',
    '--label',
    `long=${label}`,
    'busybox',
    'sh',
    '-c',
    say,
  )
  await open(page, id, 'logs')
  await expect(page.getByRole('log')).toContainText('the-end', { timeout: 90_000 })
  expect(await page.getByRole('log').locator('.line').count()).toBeLessThan(120)
  await page.getByRole('tab', { name: detail.tabs.overview }).click()
  await expect(page.getByRole('region', { name: detail.tabs.overview })).toContainText('long')
})
