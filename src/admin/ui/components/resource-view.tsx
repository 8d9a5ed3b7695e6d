/** Shows a resource: while it loads, when it failed, and when it is there. */
import type { ComponentChildren } from 'preact'
import type { Resource } from '../api/use-resource.ts'
import { Failure } from './failure.tsx'
import { Loading } from './page.tsx'

export function ResourceView<T>({
  resource,
  what,
  children,
}: {
  readonly resource: Resource<T>
  readonly what: string
  readonly children: (data: T, etag: string | undefined) => ComponentChildren
}) {
  switch (resource.kind) {
    case 'loading':
      return <Loading what={what} />
    case 'failed':
      return <Failure failure={resource.failure} retry={resource.reload} />
    case 'ready':
      return <>{children(resource.data, resource.etag)}</>
  }
}
