import { test } from '@playwright/test'
import { Instance } from './instance'

test('a private Berth with an engine and an image', () => {
  const instance = Instance.create()
  instance.berth('start')
  instance.importBusybox()
})
