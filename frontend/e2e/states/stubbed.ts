import { test as watched } from '../watched'
import * as samples from './samples'
import { Stub } from './stub'

export { expect, expectAccessible } from '../watched'

/** A page at a stub whose engine is ready and holds the samples. */
export const test = watched.extend<{ stub: Stub; address: string }>({
  stub: async ({ page: _ }, use) => {
    const stub = new Stub()
    stub.put('apps', samples.ready())
    stub.put('containers', ...samples.containers())
    stub.put('images', ...samples.images())
    stub.put('volumes', ...samples.volumes())
    stub.put('networks', ...samples.networks())
    await use(stub)
    await stub.stop()
  },
  address: async ({ stub }, use) => {
    await use(await stub.start())
  },
})
