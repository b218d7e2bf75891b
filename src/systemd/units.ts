/** What differs between one installation and another. */
export type UnitChoice = {
  /** The words of the command line, each as it is; quoting is done here. */
  readonly command: readonly string[];
  /** The first line, without its `# `. */
  readonly header: string;
};

/** One file below a directory of units. */
export type UnitFile = { readonly name: string; readonly text: string };

/** A setting, a comment of whole lines, or a blank line. */
type Line = readonly [key: string, value: string] | string;

type Section = { readonly name: string; readonly lines: readonly Line[] };

/** The words that the shipped units run: where a distribution's package puts the command. */
export const shippedCommand: readonly string[] = ["/usr/bin/sessreap", "sweep"];

export const manualPage = "sessreap-units(7)";

function sayLine(line: Line): string {
  if (typeof line !== "string") return `${line[0]}=${line[1]}`;
  return line === "" ? "" : `# ${line}`;
}

function unitText(header: string, sections: readonly Section[]): string {
  const said = sections.map(({ name, lines }) => [`[${name}]`, ...lines.map(sayLine)].join("\n"));
  return `# ${header}\n\n${said.join("\n\n")}\n`;
}

const plainWord = /^[\w@:./+,=-]+$/;

/**
 * One word of `ExecStart=`. Quotes hold blanks together, a backslash escapes inside them, `%` starts a specifier and,
 * in every word but the first, `$` a variable. In the first word `$$` would stay two characters (status 203 on 252).
 */
export function quoteWord(word: string, isExecutable: boolean): string {
  if (plainWord.test(word)) return word;
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%");
  return `"${isExecutable ? escaped : escaped.replaceAll("$", () => "$$")}"`;
}

/** A path in a list such as `ReadWritePaths=`; the leading `-` says that it may be missing. */
export function quotePath(path: string): string {
  return quoteWord(`-${path}`, true);
}

function execStart(command: readonly string[]): string {
  return command.map((word, index) => quoteWord(word, index === 0)).join(" ");
}

const resources: readonly Line[] = [
  ["Nice", "10"],
  ["CPUSchedulingPolicy", "batch"],
  ["IOSchedulingClass", "idle"],
  ["MemoryMax", "512M"],
  ["TasksMax", "64"],
];

/** Node 20 calls pkey_alloc when it starts, which @system-service lacks; a refused call is an error, not a SIGSYS. */
const systemCalls: readonly Line[] = [
  ["SystemCallArchitectures", "native"],
  ["SystemCallFilter", "@system-service @pkey"],
  ["SystemCallFilter", "~@privileged @resources"],
  ["SystemCallErrorNumber", "EPERM"],
];

const timing: readonly Line[] = [
  "75: another sweep was running. That is said, and no failure.",
  ["SuccessExitStatus", "TEMPFAIL"],
  "A oneshot has no start timeout of its own, and a timer waits for a hung run for ever.",
  ["TimeoutStartSec", "2min"],
  ["TimeoutStopSec", "15s"],
];

function userService({ command, header }: UnitChoice): string {
  return unitText(header, [
    {
      name: "Unit",
      lines: [
        ["Description", "Purge ghost session registrations"],
        ["Documentation", `man:${manualPage}`],
      ],
    },
    {
      name: "Service",
      lines: [
        ["Type", "oneshot"],
        ["ExecStart", execStart(command)],
        ["EnvironmentFile", "-%E/sessreap/env"],
        ["SyslogIdentifier", "sessreap"],
        ...timing,
        "",
        ...resources,
        "",
        "Only what the user manager can do without a namespace. Whatever needs one (Private*, Protect*, *Paths=) is",
        "ignored by some releases, and by others hides the processes that this service has to see.",
        ["UMask", "0077"],
        ["NoNewPrivileges", "yes"],
        ["LockPersonality", "yes"],
        ["RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"],
        ["RestrictNamespaces", "yes"],
        ["RestrictRealtime", "yes"],
        ["RestrictSUIDSGID", "yes"],
        ...systemCalls,
      ],
    },
  ]);
}

function systemService({ command, header }: UnitChoice): string {
  return unitText(header, [
    {
      name: "Unit",
      lines: [
        ["Description", "Purge ghost session registrations of %i"],
        ["Documentation", `man:${manualPage}`],
      ],
    },
    {
      name: "Service",
      lines: [
        ["Type", "oneshot"],
        ["User", "%i"],
        ["ExecStart", execStart(command)],
        ["EnvironmentFile", "-/etc/sessreap/env"],
        ["EnvironmentFile", "-/etc/sessreap/%i.env"],
        ["SyslogIdentifier", "sessreap"],
        ...timing,
        "",
        ...resources,
        "",
        "Nothing can be written but the directories of registries and our own state. Directories, not files: a rename",
        "onto a file that is a mount point fails (EBUSY). Other places belong into a drop-in, which",
        "`sessreap units install --system USER` writes.",
        ["ProtectSystem", "strict"],
        ["ProtectHome", "read-only"],
        ["ReadWritePaths", "-/home/%i/.local/state -/home/%i/.claude -/opt/llmmsg-srv/bridge -/opt/llmmsg/codex-llmmsg-app"],
        ["InaccessiblePaths", "-/home/%i/.ssh -/home/%i/.gnupg"],
        "",
        "Left out on purpose: ProtectProc=, ProcSubset=, PrivateUsers= and PrivatePIDs= hide processes, and a process",
        "that cannot be seen looks like a ghost's. PrivateTmp= hides sockets. MemoryDenyWriteExecute= stops V8.",
        ["UMask", "0077"],
        ["NoNewPrivileges", "yes"],
        ["CapabilityBoundingSet", ""],
        ["AmbientCapabilities", ""],
        ["PrivateDevices", "yes"],
        ["PrivateIPC", "yes"],
        ["ProtectClock", "yes"],
        ["ProtectControlGroups", "yes"],
        ["ProtectHostname", "yes"],
        ["ProtectKernelLogs", "yes"],
        ["ProtectKernelModules", "yes"],
        ["ProtectKernelTunables", "yes"],
        ["DevicePolicy", "closed"],
        ["LockPersonality", "yes"],
        ["RestrictNamespaces", "yes"],
        ["RestrictRealtime", "yes"],
        ["RestrictSUIDSGID", "yes"],
        ...systemCalls,
        "",
        "App servers of this machine only. Other packets are dropped, so a connection elsewhere times out.",
        ["RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"],
        ["IPAddressDeny", "any"],
        ["IPAddressAllow", "localhost"],
      ],
    },
  ]);
}

/** The shipped calendar: how often a sweep is due. */
export const shippedCalendar = "*:0/5";
export const shippedPeriodMs = 5 * 60_000;

function timer(header: string, whose: string): string {
  return unitText(header, [
    {
      name: "Unit",
      lines: [
        ["Description", `Purge ghost session registrations${whose} every five minutes`],
        ["Documentation", `man:${manualPage}`],
      ],
    },
    {
      name: "Timer",
      lines: [
        ["OnCalendar", shippedCalendar],
        ["AccuracySec", "15s"],
        "Hosts are spread over half a minute, and each keeps its period to the second.",
        ["RandomizedDelaySec", "30s"],
        ["FixedRandomDelay", "yes"],
        ["Persistent", "yes"],
      ],
    },
    { name: "Install", lines: [["WantedBy", "timers.target"]] },
  ]);
}

export function userUnits(choice: UnitChoice): readonly UnitFile[] {
  return [
    { name: "sessreap.service", text: userService(choice) },
    { name: "sessreap.timer", text: timer(choice.header, "") },
  ];
}

export function systemUnits(choice: UnitChoice): readonly UnitFile[] {
  return [
    { name: "sessreap@.service", text: systemService(choice) },
    { name: "sessreap@.timer", text: timer(choice.header, " of %i") },
  ];
}

/** The timer starts, stops and restarts with another unit, but survives its crash: ghosts come of crashes. */
export function followDropIn(header: string, unit: string): string {
  return unitText(header, [
    {
      name: "Unit",
      lines: [
        ["PartOf", unit],
        ["After", unit],
      ],
    },
    { name: "Install", lines: [["WantedBy", unit]] },
  ]);
}

/** What the system service of one user may write, and the home that is his. */
export function accessDropIn(header: string, writable: readonly string[], hidden: readonly string[]): string {
  const lines: readonly Line[] = [
    ["ReadWritePaths", writable.map(quotePath).join(" ")],
    ...(hidden.length === 0 ? [] : [["InaccessiblePaths", hidden.map(quotePath).join(" ")] as const]),
  ];
  return unitText(header, [{ name: "Service", lines }]);
}
