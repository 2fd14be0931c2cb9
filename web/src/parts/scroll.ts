/** Where each address of this tab was scrolled to, so that Back shows what was seen before. */
const STORED = 'shop.scroll'
const positions = new Map<string, number>(read())

function read(): [string, number][] {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? '[]') as [string, number][]
  } catch {
    return []
  }
}

const here = () => location.pathname + location.search

/** Begins to note positions. */
export function rememberScroll(): void {
  history.scrollRestoration = 'manual'
  addEventListener('scroll', () => positions.set(here(), scrollY), { passive: true })
  addEventListener('pagehide', () => {
    try {
      sessionStorage.setItem(STORED, JSON.stringify([...positions].slice(-50)))
    } catch {
      // storage is full or blocked: Back begins at the top
    }
  })
}

export function restoreScroll(): void {
  scrollTo(0, positions.get(here()) ?? 0)
}
