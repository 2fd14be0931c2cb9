import { Page } from '../../parts/page'
import { common } from '../../words/en/common'
import { shop } from '../../words/en/shop'

export function NotFound() {
  return (
    <Page title={common.notFound} lead={common.notFoundLead} kind="narrow">
      <p>
        <a class="button primary" href="/">
          {shop.homeLink}
        </a>
      </p>
    </Page>
  )
}
