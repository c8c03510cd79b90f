import { test } from '@playwright/test'
import { Instance } from '../daemon/instance'
import { openWindow } from './desktop'

test('the window, with a door for a browser', async () => {
  await openWindow(Instance.current().home)
})
