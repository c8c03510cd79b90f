// Prints "PASSED FAILED SKIPPED" of a Vitest or Playwright JSON report. Usage: node counts.mjs vitest|playwright FILE
import { readFileSync } from 'node:fs'

const [kind, file] = process.argv.slice(2)
const report = JSON.parse(readFileSync(file, 'utf8'))
const counts = kind === 'vitest'
  ? [report.numPassedTests, report.numFailedTests, report.numPendingTests]
  : [report.stats.expected, report.stats.unexpected + report.stats.flaky, report.stats.skipped]
console.log(counts.join(' '))
