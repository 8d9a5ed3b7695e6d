/** Which of several members is asked. Pure but for the chance that comes in. */

/** The one of two picked at random that has less under way: spreads nearly as well as the least of all, and never runs all to one. */
export function choose<T extends { readonly underWay: number }>(
  members: readonly T[],
  random: () => number,
): T | undefined {
  const first = Math.floor(random() * members.length)
  if (members.length < 2) return members[0]
  const one = members[first]
  // Any other than the first.
  const other = members[(first + 1 + Math.floor(random() * (members.length - 1))) % members.length]
  if (one === undefined || other === undefined) return one
  return other.underWay < one.underWay ? other : one
}
