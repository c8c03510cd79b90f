import { svelte } from '@sveltejs/vite-plugin-svelte'
import type { Plugin, Rollup } from 'vite'
import { defineConfig } from 'vitest/config'

type ManualChunkMeta = Rollup.ManualChunkMeta

/** One file for all that the first load needs: many small ones compress badly. */
function firstLoad(id: string, { getModuleInfo, getModuleIds }: ManualChunkMeta): string | undefined {
  const needed = new Set([...getModuleIds()].filter((module) => getModuleInfo(module)?.isEntry))
  for (const module of needed) for (const next of getModuleInfo(module)?.importedIds ?? []) needed.add(next)
  return needed.has(id) ? 'page' : undefined
}

/**
 * xterm.js writes its styles into <style> elements and style attributes, and the policy of the page allows neither. They
 * become elements of src/lib/sheet.ts and properties.
 */
function terminalUnderPolicy(): Plugin {
  const swaps: readonly [RegExp, string][] = [
    [/createElement\("style"\)/g, 'createElement("berth-sheet")'],
    [
      /(\w+)\.setAttribute\("style",\s*`\$\{\1\.getAttribute\("style"\)\s*\|\|\s*""\}\$\{(\w+)\};`\)/g,
      '$1.style.cssText+=$2+";"',
    ],
  ]
  return {
    name: 'terminal-under-policy',
    transform(code, id) {
      if (!/@xterm[\\/]xterm[\\/].*\.m?js$/.test(id)) return undefined
      let out = code
      for (const [from, to] of swaps) {
        const next = out.replace(from, to)
        if (next === out) throw new Error(`${String(from)} is not found in xterm.js: look how it writes styles now`)
        out = next
      }
      if (/setAttribute\("style"/.test(out))
        throw new Error('xterm.js sets a style attribute, which the policy forbids')
      return { code: out, map: null }
    },
  }
}

export default defineConfig({
  plugins: [svelte(), terminalUnderPolicy()],
  optimizeDeps: { exclude: ['@xterm/xterm'] },
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
