/**
 * Trades the one-time token of the address for a session cookie, and takes it out of the address. In the window there is
 * neither. A failure shows itself at the first request, so it is not reported here.
 */
export async function openSession(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token === null) return
  history.replaceState(null, '', location.pathname)
  try {
    await fetch('/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token }),
      credentials: 'same-origin',
    })
  } catch {
    // Nobody answers: the first watch says so.
  }
}
