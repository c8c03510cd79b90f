import { mount } from 'svelte'
import { browserTransport } from './api/browser'
import { findDesktop } from './api/desktop'
import { openSession } from './api/session'
import { wailsTransport } from './api/wails'
import App from './App.svelte'
import { Berth } from './stores/berth.svelte'
import { Places } from './stores/places.svelte'
import { Preferences } from './stores/preferences.svelte'
import './styles/tokens.css'
import './styles/base.css'
import './styles/cells.css'

const target = document.getElementById('app')
if (!target) throw new Error('index.html has no place for the page')

const preferences = new Preferences()
const desktop = findDesktop()
await (desktop ? desktop.bridge.Begin() : openSession())
const berth = new Berth(desktop ? wailsTransport(desktop) : browserTransport())
mount(App, { target, props: { berth, places: new Places(), preferences } })
