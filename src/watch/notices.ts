import { plural } from "../report/listing/view.ts";

export type Notices = {
  /** Says something about a matter, unless that was said of it last. A listener that fails ends no watch. */
  readonly notice: (matter: string, words: string | undefined) => Promise<void>;
  readonly lastOf: (matter: string) => string | undefined;
};

export function newNotices(listener: (words: string) => Promise<void>): Notices {
  const spoken = new Map<string, string>();
  return {
    notice: async (matter, words) => {
      if (spoken.get(matter) === words) return;
      if (words === undefined) {
        spoken.delete(matter);
        return;
      }
      spoken.set(matter, words);
      try {
        await listener(words);
      } catch {
        // There is no other place to say it, and what ends is to be swept all the same.
      }
    },
    lastOf: (matter) => spoken.get(matter),
  };
}

/** What is watched, and how the end of a process is noticed. */
export function watching(how: "pidfd" | "poll", holders: number, registries: number, servers: number): string {
  const processes = plural(holders, "process", "processes");
  const by = how === "pidfd" ? "through pidfds" : "by a look every second";
  return `watching ${processes} in ${plural(registries, "registry", "registries")} ${by}, and ${plural(servers, "app server")}`;
}
