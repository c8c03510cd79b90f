import { defineConfig } from '@playwright/test'
import base from './playwright.config'

// The pictures of docs/pictures.md, made anew: `make pictures`.
export default defineConfig({
  ...base,
  reporter: 'line',
  timeout: 300_000,
  projects: [{ name: 'pictures', testDir: 'e2e/pictures' }],
})
