import { useEffect, useRef, useState } from 'preact/hooks'

const DEBOUNCE = 250

/**
 * The text of a search field whose words, `q`, are the address's. What is typed goes there by `go` when the typing
 * pauses, or at once by `look`; and what the address says otherwise, by Back for instance, comes into the field.
 */
export function useSearch(q: string, go: (q: string) => void) {
  const [text, setText] = useState(q)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const sent = useRef(q)
  const latest = useRef(go)
  latest.current = go // with the filters of the time when the typing pauses
  useEffect(() => {
    if (q !== sent.current) setText(q)
    sent.current = q
  }, [q])
  useEffect(() => () => clearTimeout(timer.current), [])
  function look(next: string): void {
    clearTimeout(timer.current)
    sent.current = next
    if (next !== q) latest.current(next)
  }
  function type(next: string): void {
    setText(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => look(next.trim()), DEBOUNCE)
  }
  return { text, type, look: () => look(text.trim()) }
}
