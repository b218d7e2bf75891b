// What the changelog says of a version.

/** The heading of what is not released yet. */
export const open = "Unreleased";

/** The text below a heading of the changelog; undefined where there is none. */
export function notesOf(changelog, heading) {
  const parts = changelog.split(/^## /m).slice(1);
  const part = parts.find((text) => text.slice(0, text.indexOf("\n")).trim() === heading);
  return part?.slice(part.indexOf("\n")).trim();
}
