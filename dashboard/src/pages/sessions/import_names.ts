/** `ada.gz`, `ada.gz and ben.gz`, `ada.gz and 3 others`. */
export function formatNames(names: readonly string[]): string {
  const [first = "A file", second] = names;
  if (second === undefined) return first;
  return names.length === 2 ? `${first} and ${second}` : `${first} and ${names.length - 1} others`;
}
