import type { Money, StockStatus } from '../api/types'
import { common } from '../words/en/common'
import { formatMoney } from './money'
import { formatTime, formatTimeUtc } from './time'

export function Amount({ money }: { money: Money }) {
  return <span class="amount">{formatMoney(money, common.locale)}</span>
}

export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={formatTimeUtc(at)}>
      {formatTime(at)}
    </time>
  )
}

export function Badge({ status }: { status: StockStatus }) {
  return <span class={`badge ${status}`}>{common.stock[status]}</span>
}
