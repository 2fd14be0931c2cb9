import { useEffect, useState } from 'preact/hooks'
import { common } from '../words/en/common'

/** Says that the network is down; what is shown stays as it was. */
export function OfflineBanner() {
  const [isOnline, setOnline] = useState(navigator.onLine)
  useEffect(() => {
    const look = () => setOnline(navigator.onLine)
    addEventListener('online', look)
    addEventListener('offline', look)
    return () => {
      removeEventListener('online', look)
      removeEventListener('offline', look)
    }
  }, [])
  return (
    <div role="status">
      {!isOnline && <p class="banner">{common.offlineBanner}</p>}
    </div>
  )
}
