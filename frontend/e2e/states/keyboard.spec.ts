import * as samples from './samples'
import { expect, test } from './stubbed'

test('everything is done without a pointer', async ({ page, stub, address }) => {
  await page.goto(address)
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  const tabTo = async (name: RegExp): Promise<void> => {
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press('Tab')
      const label = await page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
      )
      if (name.test(label)) return
    }
    throw new Error(`Tab never came to ${String(name)}`)
  }
  await tabTo(/metrics/)
  await expect(page.getByRole('row', { name: 'metrics 2 of 2 running' })).toBeFocused()
  await page.keyboard.press('ArrowLeft')
  await expect(page.getByRole('row', { name: 'metrics-grafana-1' })).toHaveCount(0)
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('row', { name: 'metrics-grafana-1' })).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('link', { name: 'metrics-grafana-1' })).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('link', { name: 'Open http://localhost:3001/' })).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('button', { name: 'Stop metrics-grafana-1' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect.poll(() => stub.wishes.length).toBe(1)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('row', { name: 'metrics-grafana-1' })).toBeFocused()
  await page.keyboard.press('ArrowLeft')
  await expect(page.getByRole('row', { name: 'metrics 2 of 2 running' })).toBeFocused()
  await page.keyboard.press('End')
  await expect(page.getByRole('row', { name: /^registry/ })).toBeFocused()
  await page.keyboard.press('s')
  await expect.poll(() => stub.wishes.at(-1)?.body).toContain('unpause')
  await page.keyboard.press('Delete')
  await expect(page.getByRole('dialog')).toContainText('registry')
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect.poll(() => stub.wishes.at(-1)?.method).toBe('DELETE')
  await expect(page.getByRole('row', { name: /^registry/ })).toBeFocused()

  // The row goes, and the focus stays in its place.
  stub.drop('containers', stub.named('registry'))
  await expect(page.getByRole('row', { name: /^flaky/ })).toBeFocused()
})

test('the focused row keeps the focus while others come and go above it', async ({ page, stub, address }) => {
  await page.goto(address)
  const row = page.getByRole('row', { name: /^dns/ })
  await row.focus()
  stub.put('containers', samples.container('aardvark'))
  await expect(page.getByRole('row', { name: /^aardvark/ })).toBeVisible()
  await expect(row).toBeFocused()
})
