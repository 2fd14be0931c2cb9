import { useRef, useState } from 'preact/hooks'
import { FieldError } from '../parts/field-error'
import { announce } from '../parts/live'
import { common } from '../words/en/common'
import { shop } from '../words/en/shop'
import { isQuantity } from './checkout/basket'

interface Props {
  id: string
  name: string
  value: number
  max: number
  isDisabled?: boolean
  isCompact?: boolean
  change: (quantity: number) => void
}

/**
 * A quantity, by buttons or typed. What is no quantity is said, and changes nothing, whatever it began with: then the
 * quantity is again what it was before. A button that can do no more keeps the focus.
 */
export function Stepper({ id, name, value, max, isDisabled, isCompact, change }: Props) {
  const [typed, setTyped] = useState<string>()
  const before = useRef(value)
  const isWrong = typed !== undefined && !isRight(typed)
  function isRight(text: string): boolean {
    const quantity = Number(text)
    return isQuantity(quantity) && (quantity <= max || quantity === before.current)
  }
  const [isLeast, isMost] = [value <= 1, value >= max]
  function step(by: number): void {
    const next = Math.min(value + by, max)
    change(next)
    announce(shop.quantityNow(name, next))
  }
  function type(next: string): void {
    if (typed === undefined) before.current = value
    setTyped(next)
    change(isRight(next) ? Number(next) : before.current)
  }
  return (
    <div class="stepper-field">
      <label class={isCompact ? 'hidden' : undefined} for={id}>
        {isCompact ? shop.quantityOf(name) : common.quantity}
      </label>
      <div class="stepper">
        <button type="button" aria-label={shop.lessOf(name)} disabled={isDisabled} aria-disabled={isLeast} onClick={() => isLeast || step(-1)}>
          −
        </button>
        <input
          id={id}
          inputMode="numeric"
          autocomplete="off"
          value={typed ?? String(value)}
          disabled={isDisabled}
          aria-invalid={isWrong ? true : undefined}
          aria-describedby={isWrong ? `${id}-error` : undefined}
          onInput={(event) => type(event.currentTarget.value)}
          onBlur={() => setTyped(undefined)}
        />
        <button type="button" aria-label={shop.moreOf(name)} disabled={isDisabled} aria-disabled={isMost} onClick={() => isMost || step(1)}>
          +
        </button>
      </div>
      <FieldError id={`${id}-error`} error={isWrong ? shop.badQuantity(max) : undefined} />
    </div>
  )
}
