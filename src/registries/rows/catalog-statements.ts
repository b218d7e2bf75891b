/** Every table that is found by its name alone, or that is in the schema that is named. */
export const tables = `SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
  pg_is_in_recovery()::text AS standby, getdatabaseencoding() AS encoding,
  has_table_privilege(c.oid, 'DELETE')::text AS deletes
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (pg_table_is_visible(c.oid) OR n.nspname = $1)
  AND n.nspname <> ALL (ARRAY['pg_catalog', 'information_schema'])`;

/** The type of a column is that of which its domain is made, without a length: one that is said to be of no length has one. */
export const columns = `SELECT a.attname AS name, (a.attgenerated <> '')::text AS generated,
  pg_catalog.format_type(coalesce(d.base, a.atttypid), -1) AS type,
  pg_catalog.format_type(coalesce(d.base, a.atttypid), coalesce(d.length, a.atttypmod)) AS exact,
  has_column_privilege(a.attrelid, a.attnum, 'UPDATE')::text AS writes,
  (SELECT pg_catalog.array_position(i.indkey::int2[], a.attnum) FROM pg_index AS i WHERE i.indrelid = a.attrelid AND i.indisprimary)::text AS place
  FROM pg_attribute AS a LEFT JOIN LATERAL (
    WITH RECURSIVE domain AS (
      SELECT t.typbasetype AS base, t.typtypmod AS length FROM pg_type AS t WHERE t.oid = a.atttypid AND t.typtype = 'd'
      UNION ALL SELECT t.typbasetype, greatest(t.typtypmod, domain.length) FROM domain JOIN pg_type AS t ON t.oid = domain.base AND t.typtype = 'd'
    ) SELECT base, length FROM domain WHERE base NOT IN (SELECT oid FROM pg_type WHERE typtype = 'd')) AS d ON true
  WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;
