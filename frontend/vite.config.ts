import { svelte } from '@sveltejs/vite-plugin-svelte'
import type { Rollup } from 'vite'
import { defineConfig } from 'vitest/config'

type ManualChunkMeta = Rollup.ManualChunkMeta

/** One file for all that the first load needs: many small ones compress badly. */
function firstLoad(id: string, { getModuleInfo, getModuleIds }: ManualChunkMeta): string | undefined {
  const needed = new Set([...getModuleIds()].filter((module) => getModuleInfo(module)?.isEntry))
  for (const module of needed) for (const next of getModuleInfo(module)?.importedIds ?? []) needed.add(next)
  return needed.has(id) ? 'page' : undefined
}

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
    rollupOptions: { output: { manualChunks: firstLoad } },
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
  },
})
