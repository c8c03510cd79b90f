import { AnnotationAction } from '../../src/api/containers.gen'
import { strings } from '../../src/text/page'
import * as samples from './samples'
import { expect, expectAccessible, test } from './stubbed'

const views = [
  ['Containers', 'containers', 'shop-web-1'],
  ['Images', 'images', 'busybox'],
  ['Volumes', 'volumes', 'shop_pgdata'],
  ['Networks', 'networks', 'shop_default'],
] as const

for (const [title, kind, known] of views) {
  test(`${title} is accessible, full and empty`, async ({ page, stub, address }) => {
    await page.goto(`${address}#/${kind}`)
    await expect(page.getByRole('row', { name: known })).toBeVisible()
    await expectAccessible(page)
    for (const name of stub.all(kind)) stub.drop(kind, name)
    await expect(page.getByRole('heading', { name: strings.empty[kind].title })).toBeVisible()
    await expect(
      page.getByText(strings.empty[kind].command('docker -H unix:///run/user/1000/berth/docker.sock')),
    ).toBeVisible()
    await expectAccessible(page)
  })

  test(`${title} is empty only once it was read whole`, async ({ page, stub, address }) => {
    for (const name of stub.all(kind)) stub.drop(kind, name)
    stub.reading = true
    await page.goto(`${address}#/${kind}`)
    await expect(page.getByText(strings.summary.reading)).toBeVisible()
    await expect(page.getByText('Docker 20.10.24 is running')).toBeVisible()
    await expect(page.getByText(strings.empty[kind].title)).toHaveCount(0)
    stub.reading = false
    stub.cut()
    await expect(page.getByText(strings.empty[kind].title)).toBeVisible()
  })
}

test('containers are grouped by project, with their state in words and their ports as links', async ({
  page,
  address,
}) => {
  await page.goto(address)
  const grid = page.getByRole('treegrid', { name: 'Containers' })
  const shop = grid.getByRole('row', { name: 'shop 3 of 4 running' })
  await expect(shop).toHaveAttribute('aria-expanded', 'true')
  await expect(grid.getByRole('row', { name: 'shop-worker-1' })).toContainText('out of memory')
  await expect(grid.getByRole('row', { name: 'shop-api-1' })).toContainText('unhealthy')
  const link = grid.getByRole('link', { name: 'Open http://localhost:8080/' })
  await expect(link).toHaveText('8080 → 80')
  await expect(link).toHaveAttribute('rel', /noopener/)
  await expect(grid.getByRole('link', { name: /5353/ })).toHaveCount(0)
  await shop.getByText('shop', { exact: true }).click()
  await expect(shop).toHaveAttribute('aria-expanded', 'false')
  await expect(grid.getByRole('row', { name: 'shop-web-1' })).toHaveCount(0)
})

test('the ages in a row agree, whatever of it changes', async ({ page, stub, address }) => {
  await page.goto(address)
  const young = samples.container('young', { status: 'running', startedAt: samples.ago(1) })
  const told = new Set<string>()
  for (let version = 0; told.size < 4; version++) {
    stub.put('containers', { ...young, status: { ...young.status, image: `web:${String(version)}` } })
    const row = page.getByRole('row', { name: /^young/ })
    await expect(row).toContainText(`web:${String(version)}`)
    const [story, started] = await row.evaluate((element) =>
      ['.sub', '.number [data-tip]'].map((part) => element.querySelector(part)?.textContent?.trim() ?? ''),
    )
    expect(story).toBe(`Running for ${String(started)}`)
    told.add(story ?? '')
  }
})

test('an action is pending until the daemon says what came of it', async ({ page, stub, address }) => {
  await page.goto(address)
  const row = page.getByRole('row', { name: /^dns/ })
  await row.getByRole('button', { name: 'Stop dns' }).click()
  const name = stub.named('dns')
  await expect
    .poll(() => stub.wishes.at(-1))
    .toMatchObject({
      method: 'PATCH',
      path: `/apis/containers.berth.desktop/v1alpha1/namespaces/berth/containers/${name}`,
      body: JSON.stringify({ metadata: { annotations: { [AnnotationAction]: 'stop' } } }),
    })
  const dns = stub.container('dns')
  stub.put('containers', { ...dns, metadata: { name, annotations: { [AnnotationAction]: 'stop' } } })
  await expect(row).toContainText('stopping…')
  await expect(row.getByRole('button', { name: 'Stop dns' })).toHaveAttribute('aria-disabled', 'true')

  const lastAction = {
    action: 'stop',
    state: 'failed',
    error: 'it does not listen',
    observedAt: samples.ago(2),
    completedAt: samples.ago(1),
  }
  stub.put('containers', { ...dns, status: { ...dns.status, lastAction } })
  await expect(row).toContainText('it does not listen')
  await row.getByRole('button', { name: strings.row.dismiss }).click()
  await expect(row).not.toContainText('it does not listen')

  stub.put('containers', {
    ...dns,
    status: { ...dns.status, status: 'exited', exitCode: 0, finishedAt: samples.ago(1) },
  })
  await expect(row).toContainText('Exited')
  await expect(row.getByRole('button', { name: 'Start dns' })).toBeVisible()
})

test('a wish that is refused is told at its row', async ({ page, stub, address }) => {
  await page.goto(address)
  stub.refuse = { status: 403, message: 'not today\u202e' }
  const row = page.getByRole('row', { name: /^dns/ })
  await row.getByRole('button', { name: 'Stop dns' }).click()
  await expect(row).toContainText('not today⟨U+202E⟩')
})

test('a delete that is held up says by whom', async ({ page, stub, address }) => {
  const image = stub.image('busybox:latest')
  const condition = {
    type: 'Deleting',
    status: 'False',
    reason: 'InUse',
    message: 'used by dns',
    lastTransitionTime: samples.ago(1),
  } as const
  stub.put('images', {
    ...image,
    metadata: { name: image.metadata?.name ?? '', deletionTimestamp: samples.ago(2) },
    status: { ...image.status, conditions: [condition] },
  })
  await page.goto(`${address}#/images`)
  await expect(page.getByRole('row', { name: 'busybox' })).toContainText('deleting… waits: used by dns')
})

test('a delete names what goes and acts on what it named', async ({ page, stub, address }) => {
  await page.goto(address)
  const name = stub.named('shop-db-1')
  await page.getByRole('button', { name: 'Delete shop-db-1' }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete this container?' })
  await expect(dialog).toContainText('shop-db-1 is running and will be killed.')
  await expect(dialog).toContainText('Named volumes and images are kept.')
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await expectAccessible(page)
  // Another of that name takes its place meanwhile: it is not what was shown.
  stub.put('containers', samples.container('shop-db-1', { composeProject: 'shop' }))
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await expect
    .poll(() => stub.wishes)
    .toEqual([
      {
        method: 'DELETE',
        path: `/apis/containers.berth.desktop/v1alpha1/namespaces/berth/containers/${name}`,
        body: '',
      },
    ])
})

test('Cancel and Escape delete nothing', async ({ page, stub, address }) => {
  await page.goto(address)
  for (const leave of ['Enter', 'Escape']) {
    await page.getByRole('button', { name: 'Delete all of shop' }).click()
    await expect(page.getByRole('dialog').getByRole('listitem')).toHaveText([
      'shop-api-1',
      'shop-db-1',
      'shop-web-1',
      'shop-worker-1',
    ])
    await page.keyboard.press(leave)
    await expect(page.getByRole('dialog')).toHaveCount(0)
  }
  expect(stub.wishes).toEqual([])
})

test('the engine goes while the dialog is open: it deletes nothing and says why', async ({ page, stub, address }) => {
  await page.goto(address)
  await page.getByRole('button', { name: 'Delete shop-db-1' }).click()
  stub.put('apps', samples.reconnecting())
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText(strings.phases.reconnecting.reason)
  await dialog.getByRole('button', { name: 'Delete' }).click({ force: true })
  expect(stub.wishes).toEqual([])
})

test('the search finds, says when it finds nothing, and is kept on the way back', async ({ page, address }) => {
  await page.goto(address)
  await page.keyboard.press('/')
  await page.keyboard.type('shop 8080')
  await expect(page.getByRole('row', { name: 'shop-web-1' })).toBeVisible()
  await expect(page.getByRole('row', { name: 'shop-db-1' })).toHaveCount(0)
  await page.getByRole('link', { name: 'Images' }).click()
  await page.goBack()
  await expect(page.getByRole('combobox')).toHaveValue('shop 8080')
  await page.getByRole('combobox').fill('nothing like it')
  await expect(page.getByRole('heading', { name: 'Nothing matches “nothing like it”' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: strings.search.clear }).last().click()
  await expect(page.getByRole('row', { name: 'shop-db-1' })).toBeVisible()
})

test('hostile text stays text, and all of it is seen', async ({ page, stub, address }) => {
  const markup = '<img src=x onerror=alert(1)>'
  stub.put(
    'containers',
    samples.container('evil\u202egnp.exe', { composeProject: markup, image: `${markup}\u001b[31m`, error: markup }),
  )
  stub.put('volumes', samples.volume('data\u200b', { driver: markup }))
  await page.goto(address)
  await expect(page.getByRole('row', { name: `${markup} 1 of 1 running` })).toBeVisible()
  const row = page.getByRole('row', { name: 'evil⟨U+202E⟩gnp.exe' })
  await expect(row).toContainText(`${markup}␛[31m`)
  await page.getByRole('button', { name: `Delete all of ${markup}` }).click()
  await expect(page.getByRole('dialog')).toContainText('evil⟨U+202E⟩gnp.exe')
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'Volumes' }).click()
  await expect(page.getByRole('row', { name: 'data⟨U+200B⟩' })).toContainText(markup)
  await expect(page.locator('img')).toHaveCount(0)
})

for (const [kind, many] of [
  ['images', 4],
  ['volumes', 3],
  ['networks', 1],
] as const) {
  test(`what nobody uses among the ${kind} is chosen at once, and deleted only after a question`, async ({
    page,
    stub,
    address,
  }) => {
    await page.goto(`${address}#/${kind}`)
    const select = page.getByRole('button', { name: strings.select.unused(many) })
    await select.click()
    await expect(select).toHaveCount(0)
    const bar = page.getByRole('toolbar', { name: strings.select.bar })
    await expect(bar).toContainText(strings.select.count(many))
    await bar.getByRole('button', { name: strings.verbs.delete }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog.getByRole('button', { name: strings.confirm.cancel })).toBeFocused()
    if (kind === 'images') await expect(dialog).toContainText(strings.confirm.frees('1.93 GB'))
    await expectAccessible(page)
    await page.keyboard.press('Enter')
    await expect(dialog).toHaveCount(0)
    expect(stub.all(kind)).toHaveLength(kind === 'images' ? 7 : kind === 'volumes' ? 4 : 5)
    await bar.getByRole('button', { name: strings.select.clear }).click()
    await expect(select).toBeVisible()
  })
}
