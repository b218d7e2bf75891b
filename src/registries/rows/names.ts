/** A name of a table or a column in SQL; it can have any characters. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
