import { Page } from '../../parts/page'
import { common } from '../../words/en/common'
import { desk } from '../../words/en/desk'

export function NotFound() {
  return (
    <Page title={common.notFound} lead={common.notFoundLead} kind="narrow">
      <a class="button" href="/admin/">
        {desk.inventory}
      </a>
    </Page>
  )
}
