import { defineConfig, devices } from '@playwright/test'

// Debian's Chromium, and nothing of it that talks to the network by itself.
const launchOptions = {
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}

// Two runs at once, each with an instance of its own: what the workers inherit tells them apart.
process.env['BERTH_E2E_RUN'] ??= String(process.pid)

export default defineConfig({
  testDir: 'e2e',
  fullyParallel: false,
  workers: 1,
  forbidOnly: process.env['CI'] !== undefined,
  retries: 0,
  // It ends what hangs; a machine with other work needs a minute for what takes ten seconds.
  timeout: 180_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  outputDir: 'test-results',
  use: {
    ...devices['Desktop Chrome'],
    viewport: { width: 1200, height: 780 },
    launchOptions,
    trace: 'retain-on-failure',
  },
  projects: [
    // Every state that the page can show, against a daemon of a few lines.
    { name: 'states', testDir: 'e2e/states' },
    // The journeys, against the real daemon and a real dockerd.
    { name: 'daemon-up', testDir: 'e2e/daemon', testMatch: 'setup.ts', teardown: 'daemon-down' },
    { name: 'daemon', testDir: 'e2e/daemon', dependencies: ['daemon-up'] },
    // Those that are not a browser's own once more, through the window's Go side.
    {
      name: 'window-up',
      testDir: 'e2e/window',
      testMatch: 'setup.ts',
      dependencies: ['daemon-up'],
      teardown: 'window-down',
    },
    {
      name: 'window',
      testDir: 'e2e/daemon',
      testMatch: ['journeys.spec.ts', 'sides.spec.ts'],
      grepInvert: /@browser/,
      dependencies: ['window-up'],
    },
    { name: 'window-down', testDir: 'e2e/window', testMatch: 'teardown.ts' },
    { name: 'daemon-down', testDir: 'e2e/daemon', testMatch: 'teardown.ts' },
  ],
})
