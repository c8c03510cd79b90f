import { defineConfig } from '@playwright/test'
import base from './playwright.config'

// Figures, which depend on the machine and are never asserted: `make bench-ui`.
export default defineConfig({
  ...base,
  reporter: 'line',
  projects: [{ name: 'bench', testDir: 'e2e/bench' }],
})
