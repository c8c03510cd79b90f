/**
 * A style element for libraries that write their own: the policy of the page forbids <style>, and allows sheets that a
 * script makes. vite.config.ts puts it in the place of theirs.
 */
export function defineSheets(): void {
  if (customElements.get('berth-sheet')) return
  customElements.define(
    'berth-sheet',
    class extends HTMLElement {
      readonly #own = new CSSStyleSheet()

      override set textContent(text: string) {
        this.#own.replaceSync(text)
      }

      override get textContent(): string {
        return ''
      }

      connectedCallback(): void {
        this.hidden = true
        if (!document.adoptedStyleSheets.includes(this.#own)) document.adoptedStyleSheets.push(this.#own)
      }

      disconnectedCallback(): void {
        document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== this.#own)
      }
    },
  )
}
