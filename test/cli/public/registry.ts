/** How the registries of public projects are described, and what most of their descriptions have in common. */

/** A process that a registry names, and the session that it runs. */
export type Holder = { readonly pid: number; readonly startTicks: string; readonly id: string };

export type PublicRegistry = {
  readonly project: string;
  /** Where its shape is to be seen. */
  readonly seen: string;
  /** Its file has one entry: each holder has a file of its own in another directory. */
  readonly alone: boolean;
  /** Its files below a directory, by path: text, JSON, or `{ link }` for a symbolic link. */
  readonly files: (holders: readonly Holder[], dir: string) => Readonly<Record<string, unknown>>;
  /** What `config suggest` is given, below the directory. */
  readonly look: string;
  readonly declare: (dir: string) => Readonly<Record<string, unknown>>;
};

/** A file that is one entry, so that each holder has a directory of its own. */
export const alone = (
  project: string,
  seen: string,
  file: string,
  content: (holder: Holder) => unknown,
  fields: Readonly<Record<string, string>>,
): PublicRegistry => ({
  project,
  seen,
  alone: true,
  files: (holders) => Object.fromEntries(holders.map((holder) => [file, content(holder)])),
  look: file,
  declare: (dir) => ({ format: "json-file", path: dir, pattern: file, fields, about: "process" }),
});

/** A file an entry, all in one directory. */
export const many = (
  project: string,
  seen: string,
  name: (holder: Holder) => string,
  content: (holder: Holder) => unknown,
  declared: Readonly<Record<string, unknown>>,
): PublicRegistry => ({
  project,
  seen,
  alone: false,
  files: (holders) => Object.fromEntries(holders.map((holder) => [name(holder), content(holder)])),
  look: "",
  declare: (dir) => ({ path: dir, ...declared }),
});
