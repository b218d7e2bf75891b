import type { About } from "../../core/registration.ts";
import type { FieldMap, KeepWhen } from "../fields.ts";
import type { FieldName } from "../field-readers.ts";

/** What was read of a registry that no configuration describes. */
export type Specimen =
  | { readonly kind: "file"; readonly path: string; readonly text: string; readonly writtenMs: number | undefined }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | {
      readonly kind: "directory";
      readonly path: string;
      readonly files: readonly SpecimenFile[];
      readonly links: readonly SpecimenLink[];
      readonly others: number;
    };

/** A symbolic link of a directory, and where it leads. */
export type SpecimenLink = { readonly key: string; readonly target: string };

/** One file of a directory; `text` only where it was read, and `problem` says why it was not. */
export type SpecimenFile = {
  readonly key: string;
  readonly text: string | undefined;
  readonly writtenMs: number | undefined;
  readonly problem: string | undefined;
};

/** A process that runs now. `startedMs` is by the wall clock, where it is known. */
export type RunningProcess = { readonly startTicks: string; readonly startedMs: number | undefined; readonly argv: readonly string[] };

/** What is known of this machine, to hold the members of an entry against. */
export type Surroundings = {
  readonly nowMs: number | undefined;
  readonly hostname: string;
  readonly bootId: string | undefined;
  readonly machineId: string | undefined;
  readonly running: (pid: number) => RunningProcess | undefined;
  /** A process that carries this text in its arguments. */
  readonly carrierOf: (text: string) => number | undefined;
};

/** A registry as a configuration declares it. */
export type Declaration = {
  readonly format: string;
  readonly path: string;
  readonly entries?: string;
  readonly pattern?: string;
  readonly text?: readonly string[];
  readonly fields?: FieldMap;
  readonly about?: About;
  readonly keepWhen?: KeepWhen;
  /** In its first form nothing is reaped. */
  readonly onGhost: "report";
  /** Which of its fields are guesses that nothing bears out. */
  readonly comment?: string;
};

/** What a member was taken for, and why. `sure` says that something outside of the file bears it out. */
export type Finding = {
  readonly field: FieldName | "keepWhen";
  readonly member: string;
  readonly why: string;
  readonly sure: boolean;
};

/** A declaration, the reasons for each of its fields, and what else a person should know of it. */
export type Suggestion = {
  readonly declaration: Declaration;
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
};

/** One entry that the guesses are made from: the name under which it stands, and what it says. */
export type Sample = { readonly key: string; readonly value: unknown; readonly writtenMs: number | undefined };
