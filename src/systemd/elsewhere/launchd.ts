/** What a launchd agent runs. */
export type AgentChoice = {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** `sessreap watch`, kept up, in place of a sweep every five minutes. */
  readonly watch: boolean;
  /** Where what is said on standard error goes. */
  readonly log: string;
};

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** An XML property list has an element for each type, and a dictionary is keys and values in turn (plist(5)). */
function xml(value: Value, indent: string): string {
  const deeper = `${indent}  `;
  if (typeof value === "boolean") return `${indent}<${value}/>`;
  if (typeof value === "number") return `${indent}<integer>${value}</integer>`;
  if (typeof value === "string") return `${indent}<string>${escaped(value)}</string>`;
  const [name, lines] = isList(value)
    ? ["array", value.map((one) => xml(one, deeper))]
    : ["dict", Object.entries(value).map(([key, one]) => `${deeper}<key>${escaped(key)}</key>\n${xml(one, deeper)}`)];
  return [`${indent}<${name}>`, ...lines, `${indent}</${name}>`].join("\n");
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** The property list of an agent, with the keys that launchd.plist(5) documents. */
export function launchdAgent({ command, environment, watch, log }: AgentChoice): string {
  const often: Readonly<Record<string, Value>> = watch
    ? { KeepAlive: true, ThrottleInterval: 30 }
    : { RunAtLoad: true, StartInterval: 300 };
  const agent: Value = {
    Label: watch ? "sessreap-watch" : "sessreap",
    ProgramArguments: [...command, ...(watch ? ["watch"] : ["sweep", "--timer", "--quiet"])],
    ...(Object.keys(environment).length > 0 && { EnvironmentVariables: environment }),
    ...often,
    ProcessType: "Background",
    LowPriorityIO: true,
    Nice: 10,
    StandardErrorPath: log,
  };
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Save it below ~/Library/LaunchAgents, with the name of its Label and .plist. launchctl bootstrap gui/$(id -u) FILE starts it. -->
<plist version="1.0">
${xml(agent, "")}
</plist>
`;
}
