import type { ContainerCreate } from '../../src/api/containers.gen'
import { strings } from '../../src/text/page'
import { things } from '../../src/text/things'
import * as samples from './samples'
import type { Stub } from './stub'
import { expect, expectAccessible, test } from './stubbed'

function tell(stub: Stub): void {
  stub.sides.set('/inspect', (_query, say) => {
    const config = { Entrypoint: ['docker-entrypoint.sh'], Cmd: ['postgres'], Env: ['PGDATA=/var/lib/postgresql/data'] }
    say(JSON.stringify({ Os: 'linux', Architecture: 'amd64', Config: { ...config, ExposedPorts: { '5432/tcp': {} } } }))
  })
  stub.sides.set('/history', (_query, say) => {
    const shell = '/bin/sh -c apt-get update \u001b[31m<b>&& apt-get install'
    say(
      JSON.stringify([
        { CreatedBy: '/bin/sh -c #(nop)  CMD ["postgres"]', Size: 0, Created: 1_780_000_000 },
        { CreatedBy: shell, Size: 41_000_000 },
      ]),
    )
  })
}

test('an image says what it is, who uses it and how it was built; deleting it says what goes', async ({
  page,
  stub,
  address,
}) => {
  tell(stub)
  await page.goto(`${address}#/images`)
  await page.getByRole('link', { name: 'postgres:17' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'postgres:17' })).toBeVisible()
  for (const text of ['linux/amd64', 'docker-entrypoint.sh', '5432/tcp', 'PGDATA', 'CMD ["postgres"]', '41.0 MB'])
    await expect(page.getByRole('region', { name: 'postgres:17' })).toContainText(text)
  await expect(page.getByText('RUN apt-get update ␛[31m<b>&& apt-get install')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: strings.verbs.delete }).click()
  await expect(page.getByRole('dialog')).toContainText('Only this tag goes. The image stays as postgres:latest.')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'shop-db-1' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'shop-db-1' })).toBeVisible()
  await page.goBack()
  stub.drop('images', stub.image('postgres:17').metadata?.name ?? '')
  await expect(page.getByText(things.image.gone)).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('heading', { level: 1, name: strings.views.images })).toBeVisible()
})

test('an image is run: what is wrong is said beside it, and the new container is found', async ({
  page,
  stub,
  address,
}) => {
  tell(stub)
  await page.goto(`${address}#/images/${stub.image('busybox:latest').metadata?.name ?? ''}`)
  await page.getByRole('button', { name: things.image.run }).click()
  const dialog = page.getByRole('dialog', { name: things.run.title('busybox:latest') })
  await expect(dialog.getByText(/The image listens on 5432\/tcp/)).toBeVisible()
  await dialog.getByRole('textbox', { name: things.run.ports }).fill('http')
  await page.keyboard.press('Control+Enter')
  await expect(dialog.getByRole('textbox', { name: things.run.ports })).toBeFocused()
  await expect(dialog.getByRole('textbox', { name: things.run.ports })).toHaveAccessibleDescription(
    things.run.badPort('http'),
  )
  await expectAccessible(page)
  expect(stub.wishes).toEqual([])

  await dialog.getByRole('textbox', { name: things.run.ports }).fill('8080:80\n53/udp')
  await dialog.getByRole('textbox', { name: things.run.name }).fill('fresh')
  await dialog.getByRole('textbox', { name: things.run.env }).fill('A=1 2')
  await dialog.getByRole('textbox', { name: things.run.volumes }).fill('data:/d:ro')
  await dialog.getByRole('textbox', { name: things.run.command }).fill('sh -c "sleep 60"')
  await dialog.getByRole('button', { name: things.run.run }).click()
  await expect.poll(() => stub.wishes.length).toBe(1)
  const asked = JSON.parse(stub.wishes[0]?.body ?? '{}') as ContainerCreate
  expect(asked.spec).toEqual({
    image: 'busybox:latest',
    name: 'fresh',
    start: true,
    pull: 'never',
    ports: [
      { containerPort: 80, hostPort: 8080 },
      { containerPort: 53, protocol: 'udp' },
    ],
    env: ['A=1 2'],
    volumes: [{ source: 'data', target: '/d', readOnly: true }],
    args: ['sh', '-c', 'sleep 60'],
  })
  const done = (type: string, message: string, containerID?: string): ContainerCreate => ({
    ...asked,
    status: {
      ...(containerID ? { containerID } : {}),
      conditions: [{ type, status: 'True', reason: type, message, lastTransitionTime: samples.ago(0) }],
    },
  })
  stub.put('containercreates', done('Failed', 'The name "fresh" is in use.'))
  await expect(dialog.getByRole('alert')).toContainText('is in use')
  await dialog.getByRole('button', { name: things.run.run }).click()
  await expect.poll(() => stub.wishes.length).toBe(2)
  const again = JSON.parse(stub.wishes[1]?.body ?? '{}') as ContainerCreate
  const made = samples.container('fresh')
  stub.put('containers', made)
  stub.put('containercreates', { ...done('Complete', '', made.metadata?.name), ...again })
  stub.put('containercreates', { ...again, ...{ status: done('Complete', '', made.metadata?.name).status ?? {} } })
  await expect(dialog).toHaveCount(0)
  await expect(page.getByRole('row', { name: /^fresh/ })).toHaveAttribute('aria-selected', 'true')
})

test('a volume is measured when it is asked for, and read through who uses it', async ({ page, stub, address }) => {
  let asked = 0
  stub.sides.set('/size', (_query, say) => {
    asked++
    say(JSON.stringify({ bytes: 42_000_000, at: samples.ago(130) }))
  })
  stub.sides.set('/files', (query, say) => {
    const path = query.get('path') ?? ''
    const entry = (name: string, type: string, size = 0): object => ({
      name,
      type,
      size,
      mode: 'drwx------',
      modified: samples.ago(60),
    })
    const entries = path.endsWith('base')
      ? [entry('1', 'file', 8192)]
      : [entry('PG_VERSION', 'file', 3), entry('base', 'folder')]
    say(JSON.stringify({ path, entries }))
  })
  await page.goto(`${address}#/volumes`)
  await page.getByRole('row', { name: /^shop_pgdata/ }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByText(things.volume.unmeasured)).toBeVisible()
  expect(asked).toBe(0)
  await page.getByRole('button', { name: things.volume.measure }).click()
  await expect(page.getByText('42.0 MB, measured 2 min ago')).toBeVisible()
  expect(asked).toBe(1)
  await expect(page.getByText(things.volume.filesOf('shop-db-1'))).toBeVisible()
  await expect(page.getByText('PG_VERSION')).toBeVisible()
  await page.getByRole('button', { name: 'base' }).click()
  await expect(page.getByText('8.19 kB')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: things.files.top }).click()
  await expect(page.getByText('PG_VERSION')).toBeVisible()
  await page.getByRole('button', { name: strings.verbs.delete }).click()
  await expect(page.getByRole('dialog')).toContainText(strings.confirm.type('shop_pgdata'))
})

test('a volume that nobody uses says why its files are not shown', async ({ page, address }) => {
  await page.goto(`${address}#/volumes`)
  await page.getByRole('link', { name: 'grafana-storage' }).click()
  await expect(page.getByText(things.volume.noFiles)).toBeVisible()
  await expectAccessible(page)
})

test('a network shows its members with their addresses, and leads to them and back', async ({
  page,
  stub,
  address,
}) => {
  const network = stub.all('networks')[0] ?? ''
  const web = stub.container('shop-web-1')
  const found = stub.get<import('../../src/api/containers.gen').Network>('networks', network)
  stub.put('networks', {
    ...found,
    status: {
      ...found.status,
      members: [{ id: web.metadata?.name ?? '', name: 'shop-web-1', ipv4Address: '172.20.0.2/16' }],
    },
  })
  stub.put('containers', {
    ...web,
    status: { ...web.status, networks: [{ name: 'shop_default', networkID: network }] },
  })
  await page.goto(`${address}#/networks`)
  await page.getByRole('link', { name: 'shop_default' }).click()
  await expect(page.getByText('172.20.0.1', { exact: true })).toBeVisible()
  await expect(page.getByText('172.20.0.2/16')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'shop-web-1' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'shop-web-1' })).toBeVisible()
  await page.getByRole('link', { name: 'shop_default' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'shop_default' })).toBeVisible()
})

test('what the engine needs itself can’t be deleted, and says so', async ({ page, address }) => {
  await page.goto(`${address}#/networks`)
  await page.getByRole('link', { name: 'bridge' }).click()
  const remove = page.getByRole('button', { name: strings.verbs.delete })
  await expect(remove).toHaveAttribute('aria-disabled', 'true')
  await remove.click({ force: true })
  await expect(page.getByRole('dialog')).toHaveCount(0)
})
