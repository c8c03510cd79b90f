import type { Attachment } from 'svelte/attachments'

interface Shown {
  text: string
  /** What it explains. */
  box: DOMRect
}

/** The one tooltip of the page. */
class Tips {
  shown = $state.raw<Shown>()
}

export const tips = new Tips()

/**
 * Shows text beside the element while it is pointed at or focused: what roles and labels say already, or what the element
 * says itself, and then only where that does not fit (`ifCut`).
 */
export function tip(text: string, ifCut = false): Attachment<HTMLElement> {
  return (element) => {
    if (text === '') return
    const show = (): void => {
      if (ifCut && element.scrollWidth <= element.clientWidth) return
      tips.shown = { text, box: element.getBoundingClientRect() }
    }
    const focus = (): void => {
      if (element.matches(':focus-visible')) show()
    }
    const hide = (): void => {
      if (tips.shown?.text === text) tips.shown = undefined
    }
    element.addEventListener('pointerenter', show)
    element.addEventListener('focus', focus)
    element.addEventListener('pointerleave', hide)
    element.addEventListener('blur', hide)
    element.addEventListener('click', hide)
    return () => {
      hide()
      element.removeEventListener('pointerenter', show)
      element.removeEventListener('focus', focus)
      element.removeEventListener('pointerleave', hide)
      element.removeEventListener('blur', hide)
      element.removeEventListener('click', hide)
    }
  }
}
