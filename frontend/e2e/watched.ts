// A page that is watched: a violated policy, an error nobody caught or text that became markup fails the test.
import AxeBuilder from '@axe-core/playwright'
import { test as base, expect, type Page } from '@playwright/test'

export { expect } from '@playwright/test'

export const test = base.extend<{ wrongs: string[] }>({
  wrongs: [
    async ({ page }, use) => {
      const wrongs: string[] = []
      page.on('pageerror', (error) => {
        // Wails' development server looks for its own waiting sign before the page has a body.
        if (!error.stack?.includes('/wails/ipc.js')) wrongs.push(`error: ${error.stack ?? error.message}`)
      })
      page.on('console', (message) => {
        if (/Content Security Policy|Refused to/.test(message.text())) wrongs.push(`policy: ${message.text()}`)
      })
      page.on('dialog', (dialog) => {
        wrongs.push(`dialog: ${dialog.message()}`)
        void dialog.dismiss()
      })
      await use(wrongs)
      expect(wrongs).toEqual([])
    },
    { auto: true },
  ],
})

/** WCAG 2.2 AA, as far as a machine can judge it, in light; and what dark changes, in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const axe = new AxeBuilder({ page })
    const found = await (colorScheme === 'light' ? axe.withTags(tags) : axe.withRules(['color-contrast'])).analyze()
    const told = found.violations.map(
      (v) => `${colorScheme} ${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`,
    )
    expect(told).toEqual([])
  }
}
