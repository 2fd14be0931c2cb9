import { useEffect, useState } from 'preact/hooks'

let speak: (text: string) => void = () => {}

/** Tells who listens to a screen reader what has changed. */
export function announce(text: string): void {
  speak(text)
}

/** The one polite live region of a page. */
export function LiveRegion() {
  const [text, setText] = useState('')
  useEffect(() => {
    speak = (next) => {
      setText('') // so that the same words twice are spoken twice
      setTimeout(() => setText(next), 50)
    }
  }, [])
  return (
    <div class="hidden" role="status" aria-live="polite" id="live">
      {text}
    </div>
  )
}
