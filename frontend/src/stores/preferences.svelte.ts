import { readStored, writeStored } from './stored'

export const themes = ['system', 'light', 'dark', 'contrast'] as const
export type Theme = (typeof themes)[number]

const version = 1
const key = 'berth.preferences'

interface Stored {
  theme?: Theme
}

/** What this person likes on this machine. */
export class Preferences {
  #theme = $state<Theme>('system')
  readonly #dark = window.matchMedia('(prefers-color-scheme: dark)')
  readonly #contrast = window.matchMedia('(prefers-contrast: more)')

  constructor() {
    const theme = readStored<Stored>(key, version)?.theme
    this.#theme = themes.find((name) => name === theme) ?? 'system'
    for (const query of [this.#dark, this.#contrast]) {
      query.addEventListener('change', () => {
        this.#apply()
      })
    }
    this.#apply()
  }

  get theme(): Theme {
    return this.#theme
  }

  set theme(theme: Theme) {
    this.#theme = theme
    writeStored(key, version, { theme } satisfies Stored)
    this.#apply()
  }

  /** The styles follow two attributes of the root: see tokens.css. */
  #apply(): void {
    const root = document.documentElement
    const dark = this.#theme === 'dark' || (this.#theme !== 'light' && this.#dark.matches)
    const contrast = this.#theme === 'contrast' || this.#contrast.matches
    root.dataset['scheme'] = dark ? 'dark' : 'light'
    root.dataset['contrast'] = contrast ? 'more' : 'normal'
  }
}
