import { readOtherwise } from "./read-otherwise.ts";
import { renamedHost } from "./renamed-host.ts";
import type { Revision } from "./revision.ts";
import { sessionMismatch } from "./session-mismatch.ts";
import { superseded } from "./superseded.ts";

/** The revisions, in the order in which they are asked: each sees what those before it made of the verdicts. */
export const revisions: readonly Revision[] = [superseded, renamedHost, sessionMismatch, readOtherwise];

export const revisionNames: readonly string[] = revisions.map(({ name }) => name);
