import { shownCommands, synopsis } from "./command-page.ts";
import { recordedNames } from "../../systemd/units/environment.ts";
import { header, heading, item, page, paragraph, subheading, verbatim } from "./roff.ts";

/** Options of systemd that must never be added, with what was seen when they were (systemd 252 and 257). */
const blinding: readonly (readonly [option: string, effect: string])[] = [
  ["PrivatePIDs=yes", "Every process of the machine is gone from sight, so that everything looks dead. The sweep refuses to judge."],
  [
    "PrivateUsers=yes",
    "Executables, environments and working directories of processes cannot be read; with `ProtectProc=invisible` the sweep sees only itself.",
  ],
  [
    "ProtectProc=invisible",
    "Processes of other users vanish, and so do own ones that may not be traced. The same holds for a `/proc` mounted with `hidepid`.",
  ],
  ["ProcSubset=pid", "The boot id and the machine's uptime cannot be read."],
  ["PrivateTmp=yes", "Sockets and locks in `/tmp` cannot be seen."],
  ["PrivateNetwork=yes", "App servers on the loopback address refuse."],
  ["MemoryDenyWriteExecute=yes", "The service dies by SIGTRAP: the JavaScript engine writes the code that it runs."],
  ["RemoveIPC=yes", "It would remove what the user's own programs share."],
];

/** What fails in a system service, and the setting to change. */
const cures: readonly (readonly [sign: string, cure: string])[] = [
  ["EROFS when a registry is replaced", "Its directory is missing from `ReadWritePaths=`; name the directory in a drop-in."],
  [
    "EBUSY when a registry is replaced",
    "`ReadWritePaths=` names the file. A file that is a mount point cannot be renamed onto: name its directory.",
  ],
  ["status 203", "The program was moved. Run `sessreap units install` again."],
  ["status 217, 218 or 226", "An option needs more than this user manager may give. Remove what was added."],
  [
    "status 9 at once, with a message on NODE_OPTIONS",
    "Node obeys that variable, the standalone binary does not. Add `Environment=NODE_OPTIONS=`.",
  ],
];

/** sessreap-units(7): what the units are, and what must not be done to them. */
export function unitsPage(): string {
  return page([
    header("sessreap-units", 7),
    heading("Name"),
    "sessreap\\-units \\- the units of sessreap, and what starts it without systemd",
    heading("Synopsis"),
    ...shownCommands
      .filter(({ name }) => name === "units" || name === "doctor")
      .map((command, index) => (index === 0 ? synopsis(command).replace(".br\n", "") : synopsis(command))),
    heading("Description"),
    paragraph(
      "A timer starts one sweep every five minutes, and one after a time in which the machine was off. `sessreap units install` writes the units with the path of the program that runs it, enables the timer and sweeps once. `sessreap doctor` says whether the timer is really on and when a sweep last succeeded; systemd itself forgets the second at every reboot.",
    ),
    item("`sessreap.timer`, `sessreap.service`", "In the manager of one user. Simple, needs no root, and right for a developer's machine."),
    item(
      "`sessreap@`<user>`.timer`, `sessreap@`<user>`.service`",
      "In the manager of the system, run as <user>, in a strong sandbox: nothing can be written but the directories of registries, and nothing reached but this machine.",
    ),
    item(
      "`sessreap-watch.service`, `sessreap-watch@`<user>`.service`",
      "`sessreap watch`, which stays up and sweeps the moment a holder exits, a minute after something has happened, and every five minutes while nothing does. All registries are read in its one process: a file system that does not answer (NFS, FUSE) holds it, as it holds a sweep, until it answers; `sessreap doctor` calls a sweep stuck after ten minutes. `sessreap units install --watch` installs it beside the timer, and it stays with later installations until one says `--no-watch`. It reads its configuration when it starts: restart it after a change. However it ends, it is started again after half a minute, and the timer sweeps meanwhile.",
    ),
    paragraph("They overlap without harm: the second of two sweeps exits 75, which the units take for a success, and a watch tries again."),
    heading("Installing from a package"),
    paragraph("A package puts the units in place and enables nothing. One command enables them:"),
    verbatim([
      "systemctl --user enable --now sessreap.timer        # one user",
      "systemctl enable --now sessreap@alice.timer          # alice, by the system",
      "systemctl --user enable --now sessreap-watch.service # reap at once, too",
    ]),
    heading("Lingering"),
    paragraph(
      "The manager of a user ends some ten seconds after the last session of that user, and the timer with it. `loginctl enable-linger` <user> keeps it.",
    ),
    heading("Following a bridge"),
    paragraph(
      "With `--follow` <unit> the timer, and the watch, start, stop and restart with that unit. A crash of the unit leaves them on, for ghosts come of crashes. Later installations keep it, until one says `--no-follow`.",
    ),
    heading("Changing a unit"),
    paragraph(
      "Changes belong into a drop-in: `systemctl --user edit sessreap.timer`. A file that was written by hand, or edited since, is neither overwritten nor removed.",
    ),
    subheading("What a sweep must be able to see"),
    paragraph(
      "A process that is hidden from the service looks like one that has ended. So these options are left out on purpose, and an exposure score is no reason to add them:",
    ),
    ...blinding.map(([option, effect]) => item(`\`${option}\``, effect)),
    paragraph(
      "In the manager of a user, systemd 254 and later build a user namespace for every option that starts with `Private` or `Protect` or ends in `Paths`, which hides as `PrivateUsers=yes` does; systemd 252 ignores the same options without a word. `CapabilityBoundingSet=` fails there with status 218. The unit of a user has none of them.",
    ),
    subheading("When it fails"),
    ...cures.map(([sign, cure]) => item(sign, cure)),
    heading("Without systemd"),
    paragraph(
      "Anything that starts `sessreap sweep --timer --quiet` every few minutes will do: two sweeps do not run at once (75). Such a sweep records that it was started so, and `sessreap doctor` calls the timer off when none has succeeded for ten minutes. What agents and sessreap read of the environment, it has to be given.",
    ),
    item(
      "cron",
      "`sessreap units print --cron` prints a line for the table of the user, `--system` <user> one for `/etc/cron.d`, with what the shell has recorded in it. Problems, and what was reaped, are mailed by cron. A sweep that does not end is not ended for you: `sessreap doctor` calls it stuck.",
    ),
    verbatim([
      "(crontab -l; sessreap units print --cron) | crontab -",
      "sessreap units print --cron --system alice > /etc/cron.d/sessreap-alice",
    ]),
    item(
      "launchd (macOS)",
      "`sessreap units print --launchd` prints an agent, and with `--watch` one that keeps `sessreap watch` up. It was held against the documented keys, and never run.",
    ),
    verbatim([
      "sessreap units print --launchd > ~/Library/LaunchAgents/sessreap.plist",
      "launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/sessreap.plist",
    ]),
    item("OpenRC", "cron starts the sweeps. For `sessreap watch`, `/etc/init.d/sessreap-watch`, never run either:"),
    verbatim([
      "#!/sbin/openrc-run",
      'description="Purge ghost session registrations of alice the moment a holder exits"',
      "supervisor=supervise-daemon",
      "command=/usr/bin/sessreap",
      "command_args=watch",
      "command_user=alice",
      "respawn_delay=30",
      "respawn_max=0",
    ]),
    item(
      "Containers",
      "Sessions of a container are seen inside it alone, so it is swept from inside: `sessreap watch` as one more process of it, or a job that runs `sessreap sweep --timer` there (`docker exec`, `kubectl exec`). With a home and pids of its own, `SESSREAP_PID_NAMESPACE=own` says so. From a container of its own, sessreap sees nothing and refuses.",
    ),
    heading("Environment"),
    paragraph(
      "Variables for the sweep stand in `~/.config/sessreap/env` (user), or in `/etc/sessreap/env` and `/etc/sessreap/`<user>`.env` (system). None of the files needs to be there.",
    ),
    paragraph(
      `A service has nothing of the shell, so \`sessreap units install\` records what decides where agents and sessreap keep their files (${recordedNames.map((name) => `\`${name}\``).join(", ")}) in \`~/.config/sessreap/units.env\`, or in \`/etc/sessreap/units/\`<user>\`.env\`, and says so, but no address with a password or a token; of root's shell it takes only paths that belong to the user. The files above are read after it. \`sessreap doctor\` judges with the environment of the service, and says where the shell has another. \`sessreap doctor --system\` <user> looks at the system's units for that user alone, as that user, and says which registries their sandbox keeps from being written.`,
    ),
    heading("See also"),
    "sessreap(1), sessreap\\-config(5), systemd.timer(5), loginctl(1)",
  ]);
}
