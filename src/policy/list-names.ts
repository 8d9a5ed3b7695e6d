/** How the backend names its lists: for people who grant them. */
export interface ListNames {
  /** Target of a GET. */
  readonly from: string
  /** As in `data.results[]`. */
  readonly items: string
  readonly id: string
  readonly name: string
}
