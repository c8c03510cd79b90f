// What is not shown at first is fetched when it is needed, and once the page is quiet: it must still be there when the daemon,
// which serves it, is not.
export const parts = {
  firstRun: () => import('../views/FirstRun.svelte'),
  container: () => import('../views/container/Detail.svelte'),
  project: () => import('../views/container/Project.svelte'),
  images: () => import('../views/Images.svelte'),
  volumes: () => import('../views/Volumes.svelte'),
  networks: () => import('../views/Networks.svelte'),
  image: () => import('../views/thing/ImageDetail.svelte'),
  volume: () => import('../views/thing/VolumeDetail.svelte'),
  network: () => import('../views/thing/NetworkDetail.svelte'),
  pull: () => import('../views/PullImage.svelte'),
  make: () => import('../views/MakeThing.svelte'),
  run: () => import('../views/thing/RunImage.svelte'),
  activity: () => import('../views/Activity.svelte'),
  settings: () => import('../views/Settings.svelte'),
  diagnostics: () => import('../views/Diagnostics.svelte'),
  confirm: () => import('../components/Confirm.svelte'),
  menu: () => import('../components/Menu.svelte'),
  palette: () => import('../components/Palette.svelte'),
  keys: () => import('../components/KeySheet.svelte'),
} as const

/** Fetches what was not needed yet. */
export async function fetchRest(): Promise<void> {
  for (const load of Object.values(parts)) {
    try {
      await load()
    } catch {
      return // it is asked for again when it is shown
    }
  }
}
