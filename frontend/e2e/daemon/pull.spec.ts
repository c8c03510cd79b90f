import { strings } from '../../src/text/page'
import { pulling } from '../../src/text/pull'
import { expect, test } from '../watched'
import { Instance } from './instance'
import { Registry } from './registry'

const instance = (): Instance => Instance.current()

test('an image is pulled from a registry, seen under way, and a tag that is not there is said to be so', async ({
  page,
}) => {
  const registry = await Registry.start()
  const image = `${registry.host}/team/app`
  try {
    const pushed = `${registry.within}/team/app:1`
    instance().docker('tag', 'busybox:latest', pushed)
    instance().docker('push', '-q', pushed)
    instance().docker('rmi', pushed, 'busybox:latest')
    await page.goto(instance().berth('ui', '--no-open'))
    await expect(page.getByText(/^Docker .* is running$/)).toBeVisible({ timeout: 30_000 })
    await page.getByRole('link', { name: strings.views.images }).click()
    await page.getByRole('button', { name: pulling.open }).click()
    const dialog = page.getByRole('dialog', { name: pulling.title })
    const reference = dialog.getByRole('textbox', { name: pulling.reference })

    await reference.fill(`${image}:none`)
    await page.keyboard.press('Enter')
    await expect(dialog.getByRole('alert')).toContainText(/not (found|there)|no such|unknown/i)
    await expect(reference).toBeFocused()
    await expect(page.getByRole('row', { name: /team\/app/ })).toHaveCount(0)

    registry.stall()
    await reference.fill(`${image}:1`)
    await page.keyboard.press('Enter')
    await expect(dialog.getByText(pulling.layers(0, 1))).toBeVisible({ timeout: 20_000 })
    await dialog.getByRole('button', { name: pulling.behind }).click()
    await expect(dialog).toHaveCount(0)
    const list = page.getByRole('list', { name: pulling.list })
    await expect(list).toContainText(`${image}:1`)
    await expect(page.getByRole('row', { name: /team\/app/ })).toHaveCount(0)
    registry.flow()
    await expect(page.getByRole('link', { name: `${image}:1` })).toBeVisible({ timeout: 30_000 })
    await expect(list).toHaveCount(0)
    expect(instance().docker('images', '-q', `${image}:1`)).not.toBe('')
  } finally {
    await registry.end()
    // The other journeys run it.
    instance().importBusybox()
  }
})
