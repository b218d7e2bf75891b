import { execa } from "execa";
import { existsSync, mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, property, string } from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { accessDropIn, followDropIn } from "../../../src/systemd/units/drop-ins.ts";
import { builtInFormats } from "../../../src/registries/known.ts";
import { quoteWord, type UnitFile } from "../../../src/systemd/units/unit-text.ts";
import { shippedCommand, unitFiles } from "../../../src/systemd/units/units.ts";

const root = new URL("../../../", import.meta.url).pathname;
const choice = { command: [process.execPath, join(root, "bin/sessreap.cjs")], header: "for a test" };
const userUnits = Object.values(unitFiles("user", choice));
const systemUnits = Object.values(unitFiles("system", choice));

/** The names of the settings that a unit makes. */
function settingsIn(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => /^([A-Za-z]+)=/.exec(line)?.[1] ?? []);
}

function filesIn(folder: string): readonly UnitFile[] {
  return readdirSync(join(root, folder)).map((name) => ({ name, text: readFileSync(join(root, folder, name), "utf8") }));
}

const drops = [
  followDropIn("for a test", "llmmsg-bridge.service"),
  accessDropIn("for a test", ["/opt/llmmsg-srv/bridge"], ["/srv/homes/alice/.ssh"]),
];

describe("options that would make a live session look dead never come back", () => {
  const forUsers = /^(?:Private|Protect|Capability|Ambient|IPAddress|BindPaths|DynamicUser|RootDirectory|RootImage)|Paths$|^ProcSubset$/;
  const everywhere = /^(?:ProtectProc|ProcSubset|PrivateUsers|PrivatePIDs|PrivateTmp|PrivateNetwork|RemoveIPC|DynamicUser)$/;
  const breaksNode = /^(?:MemoryDenyWriteExecute|NoExecPaths)$/;

  test.each(filesIn("systemd/user"))("user/$name", ({ text }) => {
    const settings = settingsIn(text);
    expect(settings.length).toBeGreaterThan(5);
    expect(settings.filter((name) => forUsers.test(name) || everywhere.test(name) || breaksNode.test(name))).toEqual([]);
  });

  test.each(filesIn("systemd/system"))("system/$name", ({ text }) => {
    expect(settingsIn(text).filter((name) => everywhere.test(name) || breaksNode.test(name))).toEqual([]);
    expect(text.split("\n").filter((line) => !line.startsWith("#") && line.includes("%h"))).toEqual([]);
  });

  test("nor in a drop-in", () => {
    expect(drops.flatMap(settingsIn).filter((name) => everywhere.test(name) || breaksNode.test(name))).toEqual([]);
  });

  test("a skipped condition would be a guard that is silently off, so there is none", () => {
    const all = [...filesIn("systemd/user"), ...filesIn("systemd/system")].flatMap(({ text }) => settingsIn(text));
    expect(all.filter((name) => /^(?:Condition|Assert)/.test(name))).toEqual([]);
  });

  test("a hung run is bounded, and rename(2) never meets a file that is a mount point", () => {
    const services = [...filesIn("systemd/user"), ...filesIn("systemd/system")].filter(({ name }) => name.endsWith(".service"));
    expect(services).toHaveLength(4);
    const oneshots = services.filter(({ text }) => text.includes("\nType=oneshot\n"));
    expect(oneshots).toHaveLength(2);
    for (const { text } of oneshots) expect(text).toMatch(/^TimeoutStartSec=2min$/m);
    for (const { text } of services) expect(text).not.toMatch(/^ReadWritePaths=.*\.json/m);
  });
});

describe("what the system's services may write", () => {
  const written = filesIn("systemd/system")
    .filter(({ name }) => name.endsWith(".service"))
    .map(({ name, text }) => ({ name, paths: [...text.matchAll(/^ReadWritePaths=-(.+)$/gm)].map((match) => match[1] as string) }));
  const places = {
    home: "/home/%i",
    cwd: "/the/current/directory",
    uid: 1,
    env: {},
    sha256: (text: string) => text,
    furtherHomes: () => [],
  };
  const wellKnown = builtInFormats.flatMap((format) => {
    return format.wellKnown(places).map((path) => (format.layout === "files" ? path : path.slice(0, path.lastIndexOf("/"))));
  });

  test.each(written)("$name: every place that the built-in formats name", ({ paths }) => {
    const needed = wellKnown.filter((path) => !path.startsWith(places.cwd));
    expect(needed.length).toBeGreaterThan(5);
    expect(needed.filter((path) => !paths.some((allowed) => path === allowed || path.startsWith(`${allowed}/`)))).toEqual([]);
  });

  test.each(written)("$name: no directory that holds a home", ({ paths }) => {
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => "/home/%i/".startsWith(`${path.replace(/\/$/, "")}/`))).toEqual([]);
  });
});

test("an owner may give a file to another of the groups that the service has", () => {
  const services = [...filesIn("systemd/user"), ...filesIn("systemd/system")].filter(({ name }) => name.endsWith(".service"));
  for (const { text } of services) {
    const filters = [...text.matchAll(/^SystemCallFilter=(.+)$/gm)].map((match) => match[1]);
    expect(filters.indexOf("@chown")).toBeGreaterThan(filters.indexOf("~@privileged @resources"));
  }
});

test("the shipped services run the command of a package", () => {
  const services = [...filesIn("systemd/user"), ...filesIn("systemd/system")].filter(({ name }) => name.endsWith(".service"));
  for (const { name, text } of services) {
    expect(text).toContain(`\nExecStart=${shippedCommand.join(" ")} ${name.includes("watch") ? "watch" : "sweep --timer"}\n`);
  }
});

test("a watch is never given up, and ends well when it is told to", () => {
  const watches = [...filesIn("systemd/user"), ...filesIn("systemd/system")].filter(({ name }) => name.includes("watch"));
  expect(watches).toHaveLength(2);
  for (const { text } of watches) {
    for (const line of ["Restart=always", "StartLimitIntervalSec=0", "SuccessExitStatus=143"]) expect(text).toContain(`\n${line}\n`);
  }
});

test("the manual pages that the units name exist", () => {
  const named = [...filesIn("systemd/user"), ...filesIn("systemd/system")].flatMap(({ text }) => {
    return [...text.matchAll(/man:([\w-]+)\((\d)\)/g)].map(([, page, section]) => `man/${page}.${section}`);
  });
  expect(named.length).toBeGreaterThanOrEqual(6);
  expect(named.filter((page) => !existsSync(join(root, page)))).toEqual([]);
});

describe("quoting", () => {
  test.each([
    ["/usr/bin/node", "/usr/bin/node"],
    ["/opt/a b/node", '"/opt/a b/node"'],
    ["/opt/50%/node", '"/opt/50%%/node"'],
    ["C:\\x", '"C:\\\\x"'],
    ["a$b", '"a$$b"'],
    ['say "hi"', '"say \\"hi\\""'],
    ["", '""'],
  ])("%j as an argument", (word, quoted) => {
    expect(quoteWord(word, false)).toBe(quoted);
  });

  test("a dollar in the executable's own path stays single", () => {
    expect(quoteWord("/opt/$x/node", true)).toBe('"/opt/$x/node"');
  });

  test("no word ends its quotes early or starts a specifier", () => {
    assert(
      property(string(), (word) => {
        const quoted = quoteWord(word, false);
        const inner = quoted.startsWith('"') ? quoted.slice(1, -1) : quoted;
        const left = inner.replaceAll(/\\\\|\\"|%%|\$\$/g, "");
        expect(left).not.toMatch(/["\\%$]/);
      }),
    );
  });
});

function makeScratch(): string {
  const scratch = mkdtempSync(join(tmpdir(), "sessreap-units-"));
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  return scratch;
}

function isHere(command: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, command)));
}

describe.skipIf(!isHere("systemd-analyze"))("as systemd-analyze reads them (skipped where there is none)", () => {
  function write(folder: string, files: readonly UnitFile[]): readonly string[] {
    mkdirSync(folder, { recursive: true });
    for (const { name, text } of files) writeFileSync(join(folder, name), text);
    return files.map(({ name }) => join(folder, name));
  }

  /** `verify` exits 0 on a misspelt directive, so every word that it prints counts. */
  async function verify(scope: "--user" | "--system", files: readonly string[], scratch: string): Promise<string> {
    const { all, exitCode } = await execa("systemd-analyze", [scope, "verify", "--man=no", ...files], {
      reject: false,
      all: true,
      extendEnv: false,
      env: { PATH: process.env["PATH"] ?? "", HOME: scratch, XDG_RUNTIME_DIR: scratch },
    });
    return `${all}exit ${exitCode}`;
  }

  test("the user's units are understood without a word", async () => {
    const scratch = makeScratch();
    expect(await verify("--user", write(join(scratch, "u"), userUnits), scratch)).toBe("exit 0");
  });

  test("the system's units are understood without a word", async () => {
    const scratch = makeScratch();
    expect(await verify("--system", write(join(scratch, "s"), systemUnits), scratch)).toBe("exit 0");
  });

  test("a misspelt directive would be noticed", async () => {
    const scratch = makeScratch();
    const wrong = userUnits.map(({ name, text }) => ({ name, text: text.replace("NoNewPrivileges=", "NoNewPrivilege=") }));
    expect(await verify("--user", write(join(scratch, "u"), wrong), scratch)).not.toBe("exit 0");
  });

  test("the system's services are exposed by no more than 2.0", async () => {
    const scratch = makeScratch();
    const services = write(join(scratch, "s"), systemUnits).filter((path) => path.endsWith(".service"));
    expect(services).toHaveLength(2);
    for (const service of services) {
      const words = ["security", "--offline=yes", "--threshold=20", "--no-pager", service];
      await expect(execa("systemd-analyze", words, { all: true })).resolves.toMatchObject({ exitCode: 0 });
    }
  });
});
