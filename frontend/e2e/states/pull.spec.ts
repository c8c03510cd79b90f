import type { ImagePull } from '../../src/api/containers.gen'
import { pulling } from '../../src/text/pull'
import { expect, expectAccessible, test } from './stubbed'

const pull = (name: string, reference: string, status: ImagePull['status']): ImagePull => {
  return { metadata: { name }, spec: { reference }, ...(status ? { status } : {}) }
}
const condition = (type: string, message: string): NonNullable<NonNullable<ImagePull['status']>['conditions']> => [
  { type, status: 'True', reason: type, message, lastTransitionTime: '2026-01-01T00:00:00Z' },
]

test('an image is pulled: how far it is, what is wrong, and what to do', async ({ page, stub, address }) => {
  await page.goto(`${address}#/images`)
  await page.getByRole('button', { name: pulling.open }).click()
  const dialog = page.getByRole('dialog', { name: pulling.title })
  const image = dialog.getByRole('textbox', { name: pulling.reference })
  await expect(image).toBeFocused()
  await expectAccessible(page)
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('alert')).toHaveText(pulling.nameless)

  await page.keyboard.type('nginx:1.27')
  await page.keyboard.press('Enter')
  await expect(dialog.getByText(pulling.begun)).toBeVisible()
  const wish = stub.wishes.at(-1)
  expect(JSON.parse(wish?.body ?? '{}')).toMatchObject({ kind: 'ImagePull', spec: { reference: 'nginx:1.27' } })
  const [name = ''] = stub.all('imagepulls')
  const progress = { layersDone: 2, layersTotal: 7, bytesCurrent: 12_000_000, bytesTotal: 54_000_000 }
  stub.put('imagepulls', pull(name, 'nginx:1.27', progress))
  await expect(dialog).toContainText(`${pulling.layers(2, 7)} · ${pulling.bytes('12.0 MB', '54.0 MB')}`)
  await expectAccessible(page)

  // What is wrong is told where it was typed, and can be mended there.
  stub.put('imagepulls', pull(name, 'nginx:1.27', { conditions: condition('Failed', 'Docker Hub has no nginx:1.27.') }))
  await expect(dialog.getByRole('alert')).toHaveText('Docker Hub has no nginx:1.27.')
  await expect.poll(() => stub.wishes.at(-1)).toMatchObject({ method: 'DELETE', path: expect.stringContaining(name) })
  stub.drop('imagepulls', name)
  await expect(image).toBeFocused()
  // Somebody else may cancel it; so may the user, who can then go on typing.
  await page.keyboard.press('Enter')
  await expect.poll(() => stub.all('imagepulls')).toHaveLength(1)
  await expect(dialog.getByText(pulling.begun)).toBeVisible()
  stub.drop('imagepulls', stub.all('imagepulls')[0] ?? '')
  await expect(dialog.getByRole('alert')).toHaveText(pulling.withdrawn)
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: pulling.cancel, exact: true }).click()
  await expect(image).toBeFocused()
  for (const left of stub.all('imagepulls')) stub.drop('imagepulls', left)
  await image.fill('nginx:1.28')
  await dialog.getByRole('textbox', { name: pulling.platform }).fill('linux/arm64')
  await page.keyboard.press('Enter')
  await expect.poll(() => stub.all('imagepulls')).toHaveLength(1)
  const [again = ''] = stub.all('imagepulls')
  expect(stub.wishes.at(-1)?.body).toContain('"platform":"linux/arm64"')
  stub.put('imagepulls', pull(again, 'nginx:1.28', { conditions: condition('Complete', '') }))
  await expect(dialog).toHaveCount(0)
})

test('pulls go on behind the list, whoever asked for them', async ({ page, stub, address }) => {
  await page.goto(`${address}#/images`)
  await expect(page.getByRole('row', { name: 'busybox' })).toBeVisible()
  await expect(page.getByRole('list', { name: pulling.list })).toHaveCount(0)
  stub.put('imagepulls', pull('one', 'b<script>:1', { progress: 'Pulling b' }))
  stub.put('imagepulls', pull('two', 'a:1', { conditions: condition('Failed', 'The disk is full.') }))
  const items = page.getByRole('list', { name: pulling.list }).getByRole('listitem')
  await expect(items).toHaveText([/a:1.*The disk is full/s, /b<script>:1.*Pulling b/s])
  await expectAccessible(page)
  await page.getByRole('button', { name: pulling.cancelOf('b<script>:1') }).click()
  await expect.poll(() => stub.wishes.at(-1)?.path).toContain('/imagepulls/one')
  stub.drop('imagepulls', 'one')
  await page.getByRole('button', { name: pulling.dismissOf('a:1') }).click()
  await expect.poll(() => stub.wishes.at(-1)?.path).toContain('/imagepulls/two')
  stub.drop('imagepulls', 'two')
  await expect(page.getByRole('list', { name: pulling.list })).toHaveCount(0)
})
