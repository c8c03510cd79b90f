import type { Container } from '../../src/api/containers.gen'
import { strings } from '../../src/text/page'
import { detail } from '../../src/text/container'
import { projectKey } from '../../src/lib/project'
import { expect, expectAccessible, test } from './stubbed'

const said = (text: string, n: number): string =>
  JSON.stringify({ stream: 'stdout', time: new Date(1_800_000_000_000 + n).toISOString(), line: text })

test('all of a project can be read as one log', async ({ page, stub, address }) => {
  const tell = new Map<string, (...lines: string[]) => void>()
  const asked: string[] = []
  stub.sides.set('/log', async (query, say, path) => {
    const name = stub.get<Container>('containers', path.split('/').at(-2) ?? '').status?.name ?? ''
    asked.push(`${name} ${query.get('sinceTime') ?? 'anew'}`)
    tell.set(name, say)
    if (name === 'shop-web-1') say(said('GET /', 10), said('GET /cart', 30))
    if (name === 'shop-db-1') say(said('ready', 5), said('SELECT 1', 20))
    await new Promise(() => undefined)
  })
  await page.goto(address)
  await page.getByRole('row', { name: /^shop \d/ }).focus()
  await page.keyboard.press('l')
  await expect(page.getByRole('heading', { level: 1, name: 'shop' })).toBeVisible()
  const lines = page.getByRole('log').locator('.line')
  await expect(lines).toHaveText([/db-1 +│ ready/, /web-1 +│ GET \/$/, /db-1 +│ SELECT 1/, /web-1 +│ GET \/cart/])
  await expectAccessible(page)

  const whose = page.getByRole('group', { name: detail.logs.whose })
  await whose.getByRole('button', { name: 'db-1' }).click()
  await expect(lines).toHaveText([/GET \/$/, /GET \/cart/])
  await whose.getByRole('button', { name: 'db-1' }).click()
  tell.get('shop-db-1')?.(said('SELECT 2', 40))
  await expect(lines.last()).toHaveText(/db-1 +│ SELECT 2/)

  // One that is started again goes on where it was; the others are not asked again.
  const web = stub.container('shop-web-1')
  asked.length = 0
  stub.put('containers', { ...web, status: { ...web.status, startedAt: new Date().toISOString() } })
  await expect(page.getByText(`— ${detail.logs.again} —`)).toBeVisible()
  await expect.poll(() => asked).toEqual(['shop-web-1 2027-01-15T08:00:00.030Z'])

  await page.getByRole('button', { name: strings.verbs.stop, exact: true }).click()
  await expect.poll(() => stub.wishes.filter(({ body }) => body.includes('"stop"')).length).toBeGreaterThan(1)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('row', { name: /^shop \d/ })).toHaveAttribute('tabindex', '0')
})

test('a project that is no more says so, and its page does not open again', async ({ page, stub, address }) => {
  stub.sides.set('/log', async () => {
    await new Promise(() => undefined)
  })
  await page.goto(`${address}#/containers/${encodeURIComponent(projectKey('metrics'))}`)
  await expect(page.getByRole('heading', { level: 1, name: 'metrics' })).toBeVisible()
  for (const name of ['metrics-grafana-1', 'metrics-prometheus-1']) stub.drop('containers', stub.named(name))
  await expect(page.getByText(detail.project.gone)).toBeVisible()
  await page.goto('about:blank')
  await page.goto(address)
  await expect(page).toHaveURL(/#\/containers$/)
})
