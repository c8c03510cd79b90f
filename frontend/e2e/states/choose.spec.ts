import { strings } from '../../src/text/page'
import { sheet } from '../../src/text/keys'
import * as samples from './samples'
import { expect, expectAccessible, test } from './stubbed'

/** A place in a row that holds no control. */
const quiet = { x: 420, y: 12 }

test('many are chosen with ctrl, shift and keys, and acted on with a result for each', async ({
  page,
  stub,
  address,
}) => {
  await page.goto(address)
  const dns = page.getByRole('row', { name: /^dns/ })
  await dns.click({ modifiers: ['Control'], position: quiet })
  await page.getByRole('row', { name: /^backup/ }).click({ modifiers: ['Shift'], position: quiet })
  const bar = page.getByRole('toolbar', { name: strings.select.bar })
  await expect(bar).toContainText('2 selected')
  await expect(dns).toHaveAttribute('aria-selected', 'true')
  await dns.focus()
  await page.keyboard.press('Shift+ArrowDown')
  await expect(bar).toContainText('3 selected')
  await page.keyboard.press('Space')
  await expect(bar).toContainText('2 selected')
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await expect(bar).toHaveCount(0)

  // A group is chosen whole.
  await page.getByRole('row', { name: 'metrics 2 of 2' }).focus()
  await page.keyboard.press('Space')
  await expect(bar).toContainText('2 selected')
  await bar.getByRole('button', { name: 'Restart' }).click()
  await expect.poll(() => stub.wishes.filter((wish) => wish.body.includes('restart')).length).toBe(2)
  const acted = (name: string, state: string, error?: string): void => {
    const container = stub.container(name)
    const lastAction = { action: 'restart', state, observedAt: samples.ago(2), completedAt: samples.ago(1) }
    stub.put('containers', {
      ...container,
      status: { ...container.status, lastAction: { ...lastAction, ...(error ? { error } : {}) } },
    })
  }
  acted('metrics-grafana-1', 'succeeded')
  acted('metrics-prometheus-1', 'failed', 'the port is taken')
  await expect(page.getByText('Restart: 1 of 2 done')).toBeVisible()
  await expect(page.getByText('metrics-prometheus-1: the port is taken')).toBeVisible()
})

test('many are deleted only after more than a click', async ({ page, stub, address }) => {
  await page.goto(address)
  await page.getByRole('row', { name: /^dns/ }).focus()
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await dialog.getByRole('button', { name: 'Delete' }).click({ force: true })
  expect(stub.wishes).toEqual([])
  await dialog.getByRole('textbox').fill('delete 11')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await expect.poll(() => stub.wishes.filter((wish) => wish.method === 'DELETE').length).toBe(11)
})

test('a volume is deleted once its name is typed', async ({ page, stub, address }) => {
  await page.goto(`${address}#/volumes`)
  await page.getByRole('button', { name: 'Delete shop_pgdata' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('In use by shop-db-1.')
  await dialog.getByRole('button', { name: 'Delete' }).click({ force: true })
  expect(stub.wishes).toEqual([])
  await dialog.getByRole('textbox').fill('shop_pgdata')
  await page.keyboard.press('Enter')
  await expect.poll(() => stub.wishes.at(-1)?.method).toBe('DELETE')
})

test('nothing moves under the pointer: what went leaves its place, what is new waits above', async ({
  page,
  stub,
  address,
}) => {
  await page.goto(address)
  const dns = page.getByRole('row', { name: /^dns/ })
  await dns.hover()
  const box = await dns.boundingBox()
  stub.drop('containers', stub.named('backup'))
  stub.put('containers', samples.container('aaa-first', { composeProject: 'metrics' }))
  const waiting = page.getByRole('button', { name: 'Show 1 new row above' })
  await expect(waiting).toBeVisible()
  await expect(page.getByRole('row', { name: /^backup/ })).toHaveCount(0)
  expect(await dns.boundingBox()).toEqual(box)
  await page.mouse.move(5, 5)
  await expect(page.getByRole('row', { name: 'aaa-first' })).toBeVisible()
  await expect(waiting).toHaveCount(0)
})

test('columns, sort and grouping are chosen, kept over a reload and found again on Back', async ({ page, address }) => {
  await page.goto(address)
  const grid = page.getByRole('treegrid', { name: 'Containers' })
  await page.getByRole('button', { name: strings.columns.choose }).click()
  const menu = page.getByRole('menu')
  await menu.getByRole('menuitemcheckbox', { name: 'Image' }).click()
  await menu.getByRole('menuitemcheckbox', { name: 'Restarts' }).click()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await expect(grid.getByRole('columnheader', { name: 'Image' })).toHaveCount(0)
  await grid.getByRole('button', { name: 'Name' }).click()
  await grid.getByRole('button', { name: 'Name' }).click()
  await expect(grid.getByRole('columnheader', { name: 'Name' })).toHaveAttribute('aria-sort', 'descending')
  await page.getByRole('row', { name: 'metrics 2 of 2' }).getByText('metrics', { exact: true }).click()
  await page.getByRole('link', { name: 'shop-web-1' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'shop-web-1' })).toBeVisible()
  await page.goBack()
  await expect(page.getByRole('row', { name: 'metrics 2 of 2' })).toHaveAttribute('aria-expanded', 'false')
  await page.waitForFunction(() => localStorage.getItem('berth.places')?.includes('metrics') === true)
  await page.reload()
  await expect(grid.getByRole('columnheader', { name: 'Name' })).toHaveAttribute('aria-sort', 'descending')
  await expect(grid.getByRole('columnheader', { name: 'Restarts' })).toBeVisible()
  await expect(grid.getByRole('row').nth(1)).toContainText('shop')
  await expect(page.getByRole('row', { name: 'metrics 2 of 2' })).toHaveAttribute('aria-expanded', 'false')
})

test('the search speaks its language, and says how to go on', async ({ page, address }) => {
  await page.goto(address)
  const search = page.getByRole('combobox')
  await search.fill('is:run')
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('option', { name: 'is:running' })).toHaveAttribute('aria-selected', 'true')
  await expectAccessible(page)
  await page.keyboard.press('Enter')
  await expect(search).toHaveValue('is:running ')
  await page.keyboard.type('port:3000 -health:x')
  await search.fill('is:running port:3000')
  await expect(page.getByText('2 of 11')).toBeVisible()
})

test('the palette goes, acts and changes the look; the key sheet says how', async ({ page, stub, address }) => {
  await page.goto(address)
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.type('netw')
  await expectAccessible(page)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Networks' })).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('stop shop-web')
  await page.keyboard.press('Enter')
  await expect.poll(() => stub.wishes.at(-1)?.body).toContain('"stop"')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('high contrast')
  await page.keyboard.press('Enter')
  await expect(page.locator('html')).toHaveAttribute('data-contrast', 'more')
  await page.keyboard.press('1')
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  await expectAccessible(page)
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('data-contrast', 'more')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: strings.keys.open })).toContainText('Start, stop or resume')
  await expectAccessible(page)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  expect(sheet.close).toBe('Close')
})

test('what is typed before the palette is there is its own, and acts on no row', async ({ page, stub, address }) => {
  await page.goto(address)
  await page.getByRole('row', { name: /^dns/ }).focus()
  // All of it in one task, as a machine under load delivers it: no part of the page is drawn in between.
  await page.evaluate(() => {
    const press = (key: string, ctrlKey = false): void => {
      document.activeElement?.dispatchEvent(
        new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true, cancelable: true }),
      )
    }
    press('k', true)
    for (const key of 'stop') press(key)
    press('Delete')
  })
  await expect(page.getByRole('dialog').getByRole('combobox')).toHaveValue('stop')
  await page.keyboard.type(' shop-web')
  await page.keyboard.press('Enter')
  await expect.poll(() => stub.wishes.map((wish) => wish.path).join(' ')).toContain(stub.named('shop-web-1'))
  expect(stub.wishes).toHaveLength(1)
})

test('every action is in the menu of its row, and says what it can’t', async ({ page, stub, address }) => {
  await page.goto(address)
  await page.getByRole('button', { name: 'More for registry' }).click()
  const menu = page.getByRole('menu', { name: 'More for registry' })
  await expect(menu.getByRole('menuitem')).toHaveText([
    /Open/,
    /Logs/,
    /Copy ID/,
    /Stop/,
    /Restart/,
    /Resume/,
    /Kill/,
    /Delete/,
  ])
  await page.keyboard.press('End')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Kill this container?' })).toContainText('registry')
  await page.getByRole('dialog').getByRole('button', { name: 'Kill' }).click()
  await expect.poll(() => stub.wishes.at(-1)?.body).toContain('"kill"')
})

test('a network that the engine made can’t be deleted, and says so', async ({ page, stub, address }) => {
  await page.goto(`${address}#/networks`)
  const button = page.getByRole('button', { name: 'Delete bridge' })
  await expect(button).toHaveAttribute('aria-disabled', 'true')
  await expect(button).toHaveAccessibleDescription(strings.row.builtIn)
  await button.click({ force: true })
  await page.getByRole('row', { name: /^bridge/ }).focus()
  await page.keyboard.press('Delete')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  expect(stub.wishes).toEqual([])
  await expect(page.getByRole('row', { name: /^shop_default/ })).toContainText('172.20.0.0/16')
})
