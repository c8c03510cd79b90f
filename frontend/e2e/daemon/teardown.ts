import { test } from '@playwright/test'
import { Instance } from './instance'

test('everything that was started is ended', async () => {
  await Instance.found()?.end()
})
