import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [svelte()],
  // public holds the .gitkeep that keeps dist in the repository, so that Go can embed a page that is not built yet.
  build: {
    target: ['es2022', 'safari16'],
    // The policy allows no inline script, and every webview we run in knows modulepreload.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    manifest: 'assets/manifest.json',
    reportCompressedSize: false,
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
  },
})
