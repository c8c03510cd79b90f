import { settings } from '../../src/text/settings'
import { own } from '../../src/text/settings'
import * as samples from './samples'
import { expect, expectAccessible, test } from './stubbed'

test('what starts at login and what docker uses are switched at once', async ({ page, stub, address }) => {
  let on = false
  stub.sides.set('/local/desktop', (_query, say) => {
    const last = stub.wishes.at(-1)?.body ?? ''
    if (last.includes('autostart')) on = last.includes('true')
    say(
      JSON.stringify({
        autostart: { way: 'systemd', file: '/home/ann/.config/systemd/user/berth.service', on },
        context: { current: 'default', switched: false, context: { name: 'berth' } },
      }),
    )
  })
  await page.goto(`${address}#/settings`)
  const start = page.getByRole('switch', { name: own.autostart })
  await expect(start).toBeEnabled()
  await expect(start).not.toBeChecked()
  await expect(page.getByText(own.contextNow('default'))).toBeVisible()
  await expectAccessible(page)
  await start.focus()
  await page.keyboard.press('Space')
  await expect.poll(() => stub.wishes.at(-1)?.body).toBe('{"autostart":true}')
  await expect(start).toBeChecked()
  await expect(page.getByText(/By systemd/)).toBeVisible()
  await page.getByRole('switch', { name: own.context }).click()
  await expect.poll(() => stub.wishes.at(-1)?.body).toBe('{"context":true}')
  // The daemon says that it did not come about, and that is what is shown.
  await expect(page.getByRole('switch', { name: own.context })).not.toBeChecked()
})

test('a desktop that can’t be asked says so, and the rest works', async ({ page, address }) => {
  await page.goto(`${address}#/settings`)
  await expect(page.getByText(/It is not known how this stands/)).toBeVisible()
  await expect(page.getByRole('radio', { name: /already there/ })).toBeVisible()
})

test('the machine has its size and folders, checked and with what a change means', async ({ page, stub, address }) => {
  const app = samples.ready()
  app.spec = {
    ...app.spec,
    containerEngine: { provider: 'lima', name: 'moby' },
    vm: { cpus: 4, mounts: [{ path: '/home/ann' }] },
  }
  stub.put('apps', app)
  await page.goto(`${address}#/settings`)
  const cpus = page.getByRole('textbox', { name: own.fields.cpus.label })
  await expect(cpus).toHaveValue('4')
  await page.getByRole('textbox', { name: own.fields.memory.label }).fill('lots')
  await expect(page.getByRole('textbox', { name: own.fields.memory.label })).toHaveAttribute('aria-invalid', 'true')
  await page.getByRole('button', { name: settings.apply }).click({ force: true })
  expect(stub.wishes).toEqual([])
  await expectAccessible(page)
  await page.getByRole('textbox', { name: own.fields.memory.label }).fill('6Gi')
  await page.getByRole('textbox', { name: own.fields.mounts.label }).fill('/home/ann\n/srv (write)')
  await expect(page.getByText(settings.restarts)).toBeVisible()
  await page.getByRole('button', { name: settings.apply }).click()
  const vm = { memory: '6Gi', mounts: [{ path: '/home/ann' }, { path: '/srv', writable: true }] }
  await expect.poll(() => stub.wishes.at(-1)?.body).toBe(JSON.stringify({ spec: { vm } }))
})
