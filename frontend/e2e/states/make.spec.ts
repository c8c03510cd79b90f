import type { NetworkCreate, VolumeCreate } from '../../src/api/containers.gen'
import { making } from '../../src/text/make'
import * as samples from './samples'
import { expect, expectAccessible, test } from './stubbed'

const condition = (type: string, message: string): NonNullable<NonNullable<VolumeCreate['status']>['conditions']> => [
  { type, status: 'True', reason: type, message, lastTransitionTime: '2026-01-01T00:00:00Z' },
]

test('a volume is created by keyboard: what is wrong is said beside it, and can be mended', async ({
  page,
  stub,
  address,
}) => {
  await page.goto(`${address}#/volumes`)
  await page.getByRole('button', { name: making.volumes.open }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: making.volumes.title })
  const name = dialog.getByRole('textbox', { name: making.volumes.name })
  await expect(name).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(dialog.getByText(making.nameless)).toBeVisible()
  await page.keyboard.type('/srv')
  await page.keyboard.press('Enter')
  await expect(dialog.getByText(making.badName)).toBeVisible()
  await expectAccessible(page)
  expect(stub.wishes).toHaveLength(0)

  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type('data')
  await page.keyboard.press('Enter')
  await expect.poll(() => stub.all('volumecreates')).toHaveLength(1)
  const [request = ''] = stub.all('volumecreates')
  const asked = stub.get<VolumeCreate>('volumecreates', request)
  expect(asked).toMatchObject({ kind: 'VolumeCreate', spec: { name: 'data' } })
  await expect(dialog.getByText(making.going)).toBeVisible()
  stub.put('volumecreates', { ...asked, status: { conditions: condition('Failed', 'The disk is full.') } })
  await expect(dialog.getByRole('alert')).toHaveText(making.failed('The disk is full.'))
  await expect(name).toBeFocused()
  await page.keyboard.press('Enter')
  await expect.poll(() => stub.all('volumecreates')).toHaveLength(2)
  const again = stub.all('volumecreates').find((one) => one !== request) ?? ''
  stub.put('volumecreates', {
    ...stub.get<VolumeCreate>('volumecreates', again),
    status: { volumeName: 'data', conditions: condition('Complete', '') },
  })
  await expect(dialog).toHaveCount(0)
  await expect(page.getByRole('button', { name: making.volumes.open })).toBeFocused()
})

test('a network is created with its addresses, and a refusal keeps what was typed', async ({ page, stub, address }) => {
  await page.goto(`${address}#/networks`)
  await page.getByRole('button', { name: making.networks.open }).click()
  const dialog = page.getByRole('dialog', { name: making.networks.title })
  await dialog.getByRole('textbox', { name: making.networks.name }).fill('shop')
  await dialog.getByRole('textbox', { name: making.networks.subnet }).fill('ten')
  await dialog.getByRole('checkbox', { name: making.networks.internal }).check()
  await expectAccessible(page)
  stub.refuse = { status: 422, message: 'use a range of addresses, such as 10.5.0.0/16' }
  await dialog.getByRole('button', { name: making.make, exact: true }).click()
  await expect(dialog.getByRole('alert')).toContainText('such as 10.5.0.0/16')
  stub.refuse = undefined
  await dialog.getByRole('textbox', { name: making.networks.subnet }).fill('10.5.0.0/16')
  await dialog.getByRole('button', { name: making.make, exact: true }).click()
  await expect.poll(() => stub.all('networkcreates')).toHaveLength(1)
  const [request = ''] = stub.all('networkcreates')
  const asked = stub.get<NetworkCreate>('networkcreates', request)
  expect(asked.spec).toEqual({ name: 'shop', subnets: [{ subnet: '10.5.0.0/16' }], internal: true })
  stub.put('networkcreates', { ...asked, status: { conditions: condition('Complete', '') } })
  await expect(dialog).toHaveCount(0)
})

test('nothing is created while the engine can’t be asked', async ({ page, stub, address }) => {
  stub.put('apps', samples.stopped())
  await page.goto(`${address}#/networks`)
  await page.getByRole('button', { name: making.networks.open }).click({ force: true })
  await expect(page.getByRole('dialog')).toHaveCount(0)
})
