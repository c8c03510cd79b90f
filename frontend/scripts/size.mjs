// Prints what the first load of the built page weighs, gzipped, and fails above the budget.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const budget = 80 * 1024
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('assets/manifest.json', dist), 'utf8'))

/** Every file that the entry needs before it can paint: what it imports, and their styles. */
function needed(key, seen = new Set()) {
  const chunk = manifest[key]
  if (seen.has(chunk.file)) return seen
  seen.add(chunk.file)
  for (const css of chunk.css ?? []) seen.add(css)
  for (const next of chunk.imports ?? []) needed(next, seen)
  return seen
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry)
let total = 0
for (const file of ['index.html', ...needed(entry)]) {
  const bytes = gzipSync(readFileSync(new URL(file, dist))).length
  total += bytes
  console.log(`${(bytes / 1024).toFixed(1).padStart(7)} kB  ${file}`)
}
console.log(`${(total / 1024).toFixed(1).padStart(7)} kB  first load, gzipped (budget ${budget / 1024} kB)`)
if (total > budget) {
  console.error('The first load is over its budget: load what is not needed at once lazily.')
  process.exit(1)
}
