/** One row's place in the document. */
export interface Slotted<T> {
  slot: string
  item: T
}

/**
 * Gives the rows of a list that scrolls the elements of those that left it: to fill an element anew costs a third of making
 * one. A row keeps its element for as long as it is in sight, so that focus and pointer stay with it.
 */
export class Slots<T extends { key: string }> {
  #order: readonly Slotted<T>[] = []
  #made = 0

  /**
   * `pool` tells which rows are built alike. Elements are put in the order of their rows only where `settled`: to move them
   * about while they scroll would cost more than they do.
   */
  arrange(items: readonly T[], pool: (item: T) => string, settled: boolean): readonly Slotted<T>[] {
    const kinds = new Map(items.map((item) => [item.key, pool(item)]))
    const taken = new Map<string, string>()
    const free = new Map<string, string[]>()
    for (const { slot, item } of this.#order) {
      const kind = kindOf(slot)
      if (kinds.get(item.key) === kind) taken.set(item.key, slot)
      else free.set(kind, [...(free.get(kind) ?? []), slot])
    }
    const placed = items.map((item) => {
      const kind = kinds.get(item.key) ?? ''
      const slot = taken.get(item.key) ?? free.get(kind)?.shift() ?? `${kind} ${String(this.#made++)}`
      return { slot, item }
    })
    if (!settled) {
      const before = new Map(this.#order.map(({ slot }, i) => [slot, i]))
      const rank = ({ slot }: Slotted<T>): number => before.get(slot) ?? before.size
      placed.sort((a, b) => rank(a) - rank(b))
    }
    this.#order = placed
    return placed
  }
}

function kindOf(slot: string): string {
  return slot.slice(0, slot.indexOf(' '))
}
