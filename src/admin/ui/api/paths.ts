/** Addresses of pages, from names of any characters. Pure. */
export const userHref = (name: string): string => `/users/${encodeURIComponent(name)}`
export const userRoleHref = (name: string): string => `/user-roles/${encodeURIComponent(name)}`
export const listRoleHref = (name: string): string => `/list-roles/${encodeURIComponent(name)}`
export const planHref = (name: string): string => `/plans/${encodeURIComponent(name)}`

/** `policies/listmonk.yaml:119` as the line in the policy viewer. */
export function ruleHref(place: string): string {
  const colon = place.lastIndexOf(':')
  const [file, line] = [place.slice(0, colon), place.slice(colon + 1)]
  return `/policy?${new URLSearchParams({ file }).toString()}#L${line}`
}

export interface Question {
  readonly method: string
  readonly target: string
  readonly as: string | null
}

export const explainHref = ({ method, target, as }: Question): string =>
  `/explain?${new URLSearchParams({ method, target, ...(as === null ? {} : { as }) }).toString()}`
