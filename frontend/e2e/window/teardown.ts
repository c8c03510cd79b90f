import { test } from '@playwright/test'
import { closeWindow } from './desktop'

test('the window is closed', () => {
  closeWindow()
})
