import {
  Virtualizer,
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
} from '@tanstack/virtual-core'
import type { VirtualItem } from '@tanstack/virtual-core'

export interface Sized {
  key: string
  height: number
}

/** The rows that can be seen, of many. */
export class VirtualRows {
  #version = $state(0)
  readonly #core: Virtualizer<HTMLElement, HTMLElement>
  #rows: readonly Sized[] | undefined
  #pinned = -1

  constructor(scroller: () => HTMLElement | null, initialOffset: number) {
    this.#core = new Virtualizer<HTMLElement, HTMLElement>({
      count: 0,
      getScrollElement: scroller,
      estimateSize: () => 0,
      initialOffset,
      // Before the first measurement: enough for what any screen shows.
      initialRect: { width: 0, height: 1200 },
      overscan: 4,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      onChange: () => {
        this.#version++
      },
    })
  }

  /** Starts to observe; returns what ends that. */
  mount(): () => void {
    const end = this.#core._didMount()
    this.#core._willUpdate()
    return end
  }

  /**
   * Call in a derivation: it follows the rows and the scroller. `pinned` is the index of a row that stays although it
   * can't be seen: it holds the focus.
   */
  visible(rows: readonly Sized[], pinned: number): { items: VirtualItem[]; height: number; settled: boolean } {
    void this.#version
    if (rows !== this.#rows || pinned !== this.#pinned) this.#follow(rows, pinned)
    return {
      items: this.#core.getVirtualItems(),
      height: this.#core.getTotalSize(),
      settled: !this.#core.isScrolling,
    }
  }

  /** The core remembers what it computed until it is given new functions: a list that only scrolls is not measured anew. */
  #follow(rows: readonly Sized[], pinned: number): void {
    this.#rows = rows
    this.#pinned = pinned
    this.#core.setOptions({
      ...this.#core.options,
      count: rows.length,
      estimateSize: (index) => rows[index]?.height ?? 0,
      getItemKey: (index) => rows[index]?.key ?? index,
      rangeExtractor: (range) => {
        const shown = defaultRangeExtractor(range)
        if (pinned < 0 || pinned >= range.count || shown.includes(pinned)) return shown
        return [...shown, pinned].sort((a, b) => a - b)
      },
    })
  }

  scrollTo(index: number): void {
    this.#core.scrollToIndex(index, { align: 'auto' })
  }
}
