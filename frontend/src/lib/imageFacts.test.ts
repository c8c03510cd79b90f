import { describe, expect, it } from 'vitest'
import { imageFacts, instruction, layersOf } from './imageFacts'

describe('an image', () => {
  it('tells what the engine says of it', () => {
    const inspected = {
      Os: 'linux',
      Architecture: 'arm64',
      Variant: 'v8',
      Config: { Entrypoint: ['/init'], Cmd: 'sh', Env: ['A=1'], ExposedPorts: { '80/tcp': {}, '443/tcp': {} } },
    }
    expect(imageFacts(inspected)).toMatchObject({
      platform: 'linux/arm64/v8',
      entrypoint: ['/init'],
      command: ['sh'],
      env: ['A=1'],
      ports: ['443/tcp', '80/tcp'],
      volumes: [],
    })
  })

  it.each([undefined, null, 7, 'x', [], { Config: null }])('takes nothing from %s', (inspected) => {
    expect(imageFacts(inspected)).toMatchObject({ platform: '', env: [], ports: [] })
    expect(layersOf(inspected)).toEqual([])
  })

  it.each([
    ['/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'],
    ['/bin/sh -c apt-get update &&     apt-get install', 'RUN apt-get update && apt-get install'],
    ['RUN /bin/sh -c make # buildkit', 'RUN make'],
    ['RUN |1 A=1 /bin/sh -c make # buildkit', 'RUN make'],
    ['COPY . /src # buildkit', 'COPY . /src'],
  ])('reads %s as a Dockerfile has it', (by, step) => {
    expect(instruction(by)).toBe(step)
  })

  it('has layers with sizes', () => {
    expect(
      layersOf([{ CreatedBy: 'COPY a b', Size: 12, Created: 1_700_000_000 }, { Comment: 'Imported from -' }, 7]),
    ).toEqual([
      { by: 'COPY a b', size: 12, created: 1_700_000_000 },
      { by: 'Imported from -', size: 0, created: 0 },
      { by: '', size: 0, created: 0 },
    ])
  })
})
