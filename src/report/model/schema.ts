import * as v from "valibot";

/**
 * What the shapes of the output are made of. The published JSON schema and the types come from them; the program
 * imports the types only, so it does not load valibot for its output.
 */
export const text = v.string();
export const flag = v.boolean();
/** All numbers of the output are whole. */
export const integer = v.pipe(v.number(), v.integer());
/** ISO-8601 in UTC. */
export const time = v.pipe(v.string(), v.isoTimestamp());

/** An object whose type is read-only. */
export const object = <const Entries extends v.ObjectEntries>(entries: Entries) => v.pipe(v.object(entries), v.readonly());

/** An array whose type is read-only. */
export const list = <Item extends v.GenericSchema>(item: Item) => v.pipe(v.array(item), v.readonly());

/** Says in a sentence what a value is: its unit, and what null means. The published schema shows it. */
export const described = <Schema extends v.GenericSchema>(description: string, schema: Schema) =>
  v.pipe(schema, v.description(description)) as unknown as Schema;

/** A document with the members that all have. */
export const document = <const Entries extends v.ObjectEntries>(description: string, entries: Entries) =>
  described(
    description,
    object({
      schema: described("The version of the output. New members and new words keep it; any other change raises it.", v.literal(1)),
      ...entries,
      exitCode: described("The exit code of the process.", integer),
    }),
  );
