import { resources, systemPreparation, systemSandbox, userSandbox } from "./sandbox.ts";
import { type Line, type Section, type UnitFile, execStart, unitText } from "./unit-text.ts";

/** What differs between one installation and another. */
export type UnitChoice = {
  /** The words that run sessreap, each as it is; quoting is done here. */
  readonly command: readonly string[];
  /** The first line, without its `# `. */
  readonly header: string;
};

/** The word that the shipped units run: where a distribution's package puts the command. */
export const shippedCommand: readonly string[] = ["/usr/bin/sessreap"];

export const manualPage = "sessreap-units(7)";

/** What a service of the one manager and of the other has of its own. */
type Kind = {
  readonly whose: string;
  readonly identity: readonly Line[];
  readonly preparation: readonly Line[];
  readonly sandbox: readonly Line[];
  readonly target: string;
};

const kinds = {
  user: {
    whose: "",
    identity: [
      "What `sessreap units install` recorded of the shell; what stands in the second file wins.",
      ["EnvironmentFile", "-%E/sessreap/units.env"],
      ["EnvironmentFile", "-%E/sessreap/env"],
    ],
    preparation: [],
    sandbox: userSandbox,
    target: "default.target",
  },
  system: {
    whose: " of %i",
    identity: [
      ["User", "%i"],
      "What `sessreap units install` recorded of the shell; what stands in a later file wins.",
      ["EnvironmentFile", "-/etc/sessreap/units/%i.env"],
      ["EnvironmentFile", "-/etc/sessreap/env"],
      ["EnvironmentFile", "-/etc/sessreap/%i.env"],
    ],
    preparation: systemPreparation,
    sandbox: systemSandbox,
    target: "multi-user.target",
  },
} as const satisfies Record<string, Kind>;

const unitSection = (description: string, more: readonly Line[] = []): Section => ({
  name: "Unit",
  lines: [["Description", description], ["Documentation", `man:${manualPage}`], ...more],
});

type Running = { readonly words: readonly string[]; readonly type: string; readonly ends: readonly Line[] };

function serviceSection({ command }: UnitChoice, { identity, preparation, sandbox }: Kind, { words, type, ends }: Running): Section {
  const lines: readonly Line[] = [
    ["Type", type],
    ...identity,
    ...preparation,
    ["ExecStart", execStart([...command, ...words])],
    ["SyslogIdentifier", "sessreap"],
    ...ends,
  ];
  return { name: "Service", lines: [...lines, "", ...resources, "", ...sandbox] };
}

const once: Running = {
  words: ["sweep", "--timer"],
  type: "oneshot",
  ends: [
    "75: another sweep was running. That is said, and no failure.",
    ["SuccessExitStatus", "TEMPFAIL"],
    "A oneshot has no start timeout of its own, and a timer waits for a hung run for ever.",
    ["TimeoutStartSec", "2min"],
    ["TimeoutStopSec", "15s"],
  ],
};

const forEver: Running = {
  words: ["watch"],
  type: "exec",
  ends: [
    "143: stopped by SIGTERM, as it should be.",
    ["SuccessExitStatus", "143"],
    "Whatever else ends it, it comes back, and is never given up. The timer sweeps meanwhile.",
    ["Restart", "always"],
    ["RestartSec", "30s"],
    ["TimeoutStopSec", "15s"],
  ],
};

function service(choice: UnitChoice, kind: Kind): string {
  const about = unitSection(`Purge ghost session registrations${kind.whose}`);
  return unitText(choice.header, [about, serviceSection(choice, kind, once)]);
}

function watch(choice: UnitChoice, kind: Kind): string {
  const about = unitSection(`Purge ghost session registrations${kind.whose} the moment a holder exits`, [["StartLimitIntervalSec", "0"]]);
  const install = { name: "Install", lines: [["WantedBy", kind.target]] } as const;
  return unitText(choice.header, [about, serviceSection(choice, kind, forEver), install]);
}

function timer(header: string, { whose }: Kind): string {
  return unitText(header, [
    unitSection(`Purge ghost session registrations${whose} every five minutes`),
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

/** The units of one manager. `sessreap watch` beside the timer, never in its place: the timer is what catches its fall. */
export function unitFiles(manager: keyof typeof kinds, choice: UnitChoice): Readonly<Record<"service" | "timer" | "watch", UnitFile>> {
  const [kind, at] = [kinds[manager], manager === "user" ? "" : "@"];
  return {
    service: { name: `sessreap${at}.service`, text: service(choice, kind) },
    timer: { name: `sessreap${at}.timer`, text: timer(choice.header, kind) },
    watch: { name: `sessreap-watch${at}.service`, text: watch(choice, kind) },
  };
}

/** The shipped calendar: how often a sweep is due. */
export const shippedCalendar = "*:0/5";
export const shippedPeriodMs = 5 * 60_000;
