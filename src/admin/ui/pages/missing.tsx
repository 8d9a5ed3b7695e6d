import { Page } from '../components/page.tsx'

export function MissingPage() {
  return (
    <Page title="No such page">
      <p>
        There is nothing at this address. <a href="/">Go to the start</a>.
      </p>
    </Page>
  )
}
