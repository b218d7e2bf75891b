/** What a line of cron's table runs. */
export type CronChoice = {
  readonly command: readonly string[];
  /** What the shell has that a sweep reads. */
  readonly environment: Readonly<Record<string, string>>;
  /** The user as whom a table of the system runs it; undefined for a table of one's own. */
  readonly user: string | undefined;
};

const plainWord = /^[\w@:.,/+=-]+$/;

/** A word for `sh`, in a table in which `%` would be the end of the line (crontab(5)). */
function cronWord(word: string): string {
  const quoted = plainWord.test(word) ? word : `'${word.replaceAll("'", () => "'\\''")}'`;
  return quoted.replaceAll("%", () => "\\%");
}

/**
 * A table of one line. Standard output goes nowhere, so that cron mails what needs a person: problems, and what was reaped
 * with the command that undoes it.
 */
export function cronTable({ command, environment, user }: CronChoice): string {
  const values = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const words = [...(values.length === 0 ? [] : ["env", ...values]), "nice", "-n", "10", ...command, "sweep", "--timer", "--quiet"];
  const who = user === undefined ? "" : `${user} `;
  const put =
    user === undefined
      ? "Add it to your table: (crontab -l; sessreap units print --cron) | crontab -"
      : `Put it into /etc/cron.d/sessreap-${user}, which no dot may stand in.`;
  return `# One sweep every five minutes, by sessreap. ${put}\n*/5 * * * * ${who}${words.map(cronWord).join(" ")} >/dev/null\n`;
}
