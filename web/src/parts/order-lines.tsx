import type { Order } from '../api/types'
import { common } from '../words/en/common'
import { Amount } from './amount'

/** The lines of an order and their sum, for both apps. `hrefOf` leads to a product, if it is given. */
export function OrderLines({ order, hrefOf }: { order: Order; hrefOf?: (productId: string) => string }) {
  return (
    <div class="scroller" tabIndex={0} role="region" aria-label={common.orderLines}>
      <table>
        <thead>
          <tr>
            <th scope="col">{common.product}</th>
            <th scope="col" class="number">
              {common.quantity}
            </th>
            <th scope="col" class="number if-wide">
              {common.unitPrice}
            </th>
            <th scope="col" class="number">
              {common.sum}
            </th>
          </tr>
        </thead>
        <tbody>
          {order.items.map((line) => (
            <tr key={line.product_id}>
              <th scope="row">
                {hrefOf ? (
                  <a href={hrefOf(line.product_id)} dir="auto">
                    {line.name}
                  </a>
                ) : (
                  <span dir="auto">{line.name}</span>
                )}
                <span class="fine if-narrow">
                  <Amount money={line.unit_price} /> {common.each}
                </span>
              </th>
              <td class="number">{line.quantity}</td>
              <td class="number if-wide">
                <Amount money={line.unit_price} />
              </td>
              <td class="number">
                <Amount money={line.line_total} />
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={2}>
              {common.total}
            </th>
            <td class="if-wide" />
            <td class="number">
              <Amount money={order.total} />
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  )
}
