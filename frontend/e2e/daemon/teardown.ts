import { test } from '@playwright/test'
import { Instance } from './instance'

test('everything that was started is ended', async () => {
  test.setTimeout(120_000)
  await Instance.found()?.end()
})
