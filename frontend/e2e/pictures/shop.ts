// What the pictures show: a shop of a few containers, as somebody at work would have it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Instance } from '../daemon/instance'

const project = 'com.docker.compose.project=shop'

const log = String.raw`
i=0
while :; do
  i=$((i+1))
  printf '%s \033[32mINFO\033[0m  GET /api/items?page=%d 200 %d ms\n' "$(date -u +%FT%TZ)" $i $((i*7%90+3))
  [ $((i%7)) = 0 ] && printf '%s \033[33mWARN\033[0m  slow query: 412 ms, SELECT * FROM items ORDER BY added\n' "$(date -u +%FT%TZ)"
  [ $((i%13)) = 0 ] && printf '%s \033[31mERROR\033[0m payment gateway: connection reset by peer, trying again in 2 s\n' "$(date -u +%FT%TZ)"
  [ $i -gt 40 ] && sleep 0.5
done`

const files: Record<string, string> = {
  Dockerfile: `FROM busybox:latest
LABEL org.opencontainers.image.title="shop" org.opencontainers.image.version="1.4.0"
ENV APP_ENV=production LISTEN=:8080
RUN mkdir -p /app /var/log/shop
COPY config.yaml serve.sh /app/
WORKDIR /app
EXPOSE 8080
CMD ["sh", "/app/serve.sh"]
`,
  'config.yaml': 'listen: ":8080"\ndatabase: postgres://db/shop\n',
  'serve.sh': log,
}

/** Makes the images, the network, the volume and the containers, and names the container that the pictures enter. */
export function furnish(berth: Instance): string {
  berth.importBusybox(['date', 'printf', 'mkdir', 'ls', 'cat', 'top', 'ps', 'uname', 'head'])
  const folder = join(berth.home, 'shop')
  mkdirSync(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  for (const tag of ['shop/api:1.4.0', 'shop/web:1.4.0'])
    berth.docker('build', '-q', '--network', 'none', '-t', tag, folder)
  berth.docker('tag', 'busybox:latest', 'postgres:17')
  berth.docker('network', 'create', '--label', project, 'shop_default')
  for (const name of ['shop_pgdata', 'shop_uploads']) berth.docker('volume', 'create', '--label', project, name)

  const run = (name: string, image: string, options: string[], ...command: string[]): string =>
    berth.docker('run', '-d', '--init', '--name', name, ...options, image, ...command)
  const part = (service: string): string[] => [
    ...['--label', project, '--label', `com.docker.compose.service=${service}`, '--network', 'shop_default'],
    ...['--restart', 'unless-stopped'],
  ]
  const fill = 'head -c 40000000 /dev/zero >/var/lib/postgresql/base.1; while :; do sleep 1; done'
  run(
    'shop-db-1',
    'postgres:17',
    [...part('db'), '-v', 'shop_pgdata:/var/lib/postgresql', '-m', '256m'],
    'sh',
    '-c',
    fill,
  )
  const api = run('shop-api-1', 'shop/api:1.4.0', [
    ...part('api'),
    '-p',
    '8080:8080',
    '-v',
    'shop_uploads:/app/uploads',
  ])
  run('shop-web-1', 'shop/web:1.4.0', [...part('web'), '-p', '8443:8080'])
  run('registry', 'busybox:latest', ['-p', '5001:5000', '--network', 'bridge'], 'sleep', '100000')
  run(
    'migrate',
    'shop/api:1.4.0',
    ['--network', 'none'],
    'sh',
    '-c',
    'echo "column items.price is missing" >&2; exit 3',
  )
  berth.docker('create', '--name', 'backup', '--network', 'none', 'busybox:latest', 'sleep', '1')
  return api
}
