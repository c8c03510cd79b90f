import type { Column } from '../components/Grid.svelte'
import { strings } from '../text/page'
import type { Place } from '../stores/places.svelte'

const { columns: text } = strings

/** All columns of the containers, in their order. */
const all: readonly (Column & { usual: boolean })[] = [
  { id: 'name', label: text.name, width: 'minmax(190px, 1.6fr)', sortable: true, usual: true },
  { id: 'service', label: text.service, width: 'minmax(80px, 0.7fr)', sortable: true, usual: false },
  { id: 'image', label: text.image, width: 'minmax(90px, 1fr)', sortable: true, usual: true, spare: true },
  { id: 'ports', label: text.ports, width: 'minmax(90px, 0.9fr)', sortable: true, usual: true },
  { id: 'cpu', label: text.cpu, width: '98px', sortable: true, usual: true, end: true },
  { id: 'memory', label: text.memory, width: '108px', sortable: true, usual: true, end: true },
  { id: 'restarts', label: text.restarts, width: '64px', sortable: true, usual: false, end: true },
  { id: 'started', label: text.started, width: '66px', sortable: true, usual: true, end: true, spare: true },
  { id: 'created', label: text.created, width: '66px', sortable: true, usual: false, end: true },
  { id: 'id', label: text.id, width: '100px', sortable: true, usual: false },
]
const actions: Column = { id: 'actions', label: text.actions, width: '102px', quiet: true }

/** The columns that are shown; `narrow` windows leave out what matters least unless it was asked for. */
export function shownColumns(place: Place, narrow: boolean): Column[] {
  const shown = all.filter(
    (column) => place.columns.get(column.id) ?? (column.usual && !(narrow && column.spare === true)),
  )
  return [...shown, actions]
}

/** What the user can choose from: the name is always there. */
export function columnChoices(place: Place): { id: string; label: string; shown: boolean }[] {
  return all
    .filter((column) => column.id !== 'name')
    .map((column) => ({
      id: column.id,
      label: column.label,
      shown: place.columns.get(column.id) ?? column.usual,
    }))
}
