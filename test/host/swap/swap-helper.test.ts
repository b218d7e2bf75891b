import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { replaceJudged } from "../../../src/host/swap/swap.ts";
import { startSwapHelper } from "../../../src/host/swap/swap-helper.ts";
import type { Replaced } from "../../../src/host/swap/swap-job.ts";
import { launch, until } from "../../processes.ts";
import {
  after,
  before,
  content,
  dead,
  leftovers,
  openIn,
  readNow,
  registryIn,
  scratchDirectory,
  unused,
  withoutGhost,
  type Registry,
} from "../scratch.ts";

const path = process.env["PATH"] ?? "";
afterEach(() => {
  process.env["PATH"] = path;
});

/** What a perl would do that answers so: a shell script under its name, which has the directory at 3 and the draft at 5. */
function perlThat(answers: Readonly<Record<string, string>>): void {
  const bin = scratchDirectory();
  const said = { attributes: "echo copied", "lease *": "echo leased", swap: "echo changed", look: "echo quiet", ...answers };
  const cases = Object.entries(said).map(([command, act]) => `${command.replace(" ", "\\ ")}) ${act};;`);
  // The name under which the draft lies is told with the lease.
  const script = `#!/bin/sh\nname=$6\necho here\nwhile read -r said; do case $said in lease*) temp="\${said#lease }";; esac\ncase $said in ${cases.join("\n")} esac; done\n`;
  writeFileSync(join(bin, "perl"), script);
  chmodSync(join(bin, "perl"), 0o755);
  process.env["PATH"] = `${bin}:${path}`;
}

const exchange =
  'mv "/proc/self/fd/3/$name" "/proc/self/fd/3/$name.x"; mv "/proc/self/fd/3/$temp" "/proc/self/fd/3/$name"; mv "/proc/self/fd/3/$name.x" "/proc/self/fd/3/$temp"';

async function swapped(registry: Registry, look = dead): Promise<Replaced> {
  const file = readNow(registry.path);
  const outcome = await replaceJudged(file, withoutGhost(file), look, unused);
  expect(openIn(registry.directory)).toEqual([]);
  return outcome;
}

async function scene(answers: Readonly<Record<string, string>>, look?: (registry: Registry) => Promise<boolean>) {
  const registry = registryIn();
  perlThat(answers);
  const outcome = await swapped(registry, look && (() => look(registry)));
  return { outcome, text: content(registry), leftovers: leftovers(registry) };
}

const untouched = { text: before, leftovers: [] };

test.each(["22 Invalid argument", "38 Function not implemented"])(
  "where two names cannot be exchanged (%s) the registry is swapped by a rename",
  async (why) => {
    expect(await scene({ swap: `echo error ${why}` })).toEqual({
      outcome: { kind: "replaced", problem: undefined },
      text: after,
      leftovers: [],
    });
  },
);

test("where two names cannot be exchanged the last look is not made a second time", async () => {
  let looks = 0;
  const look = (): Promise<boolean> => Promise.resolve((looks += 1) === 1);
  expect((await scene({ swap: "echo error 22 Invalid argument" }, look)).outcome.kind).toBe("replaced");
  expect(looks).toBe(1);
});

test.each(["5 Input/output error", "122 Disk quota exceeded"])(
  "an exchange that fails (%s) is said, and nothing has changed",
  async (why) => {
    const problem = why.replace(/^\d+ /, "");
    expect(await scene({ swap: `echo error ${why}` })).toEqual({ outcome: { kind: "failed", problem }, ...untouched });
  },
);

test.each(["terror 22 Invalid argument", "error22", "error"])(
  "an answer that is none (%s) is settled by what is in place",
  async (answer) => {
    expect(await scene({ swap: `echo ${answer}` })).toEqual({ outcome: { kind: "changed" }, ...untouched });
  },
);

const endings: readonly (readonly [what: string, answers: Readonly<Record<string, string>>, outcome: Replaced])[] = [
  ["when it is to take the lease", { "lease *": "exit" }, { kind: "failed", problem: "the swap helper ended" }],
  [
    "when it is to keep attributes",
    { attributes: "exit" },
    { kind: "failed", problem: "its extended attributes cannot be kept: the swap helper ended" },
  ],
  ["before it swaps", { swap: "exit" }, { kind: "changed" }],
];
test.each(endings)("a helper that ends %s has changed nothing", async (_what, answers, outcome) => {
  expect(await scene(answers)).toEqual({ outcome, ...untouched });
});

test("a helper that ends right after the exchange has swapped, and what it displaced goes", async () => {
  expect(await scene({ swap: `${exchange}; exit` })).toEqual({
    outcome: { kind: "replaced", problem: undefined },
    text: after,
    leftovers: [],
  });
});

test("a helper that ends after the exchange, and displaced an update that came meanwhile, has it put back", async () => {
  const late = `${exchange}; sleep 0.01; echo late >> "/proc/self/fd/3/$temp"; exit`;
  expect(await scene({ swap: late })).toEqual({ outcome: { kind: "changed" }, text: `${before}late\n`, leftovers: [] });
});

test("a registry that goes away while the helper ends is not made again", async () => {
  const registry = registryIn();
  perlThat({ swap: 'rm "/proc/self/fd/3/$name"; exit' });
  expect(await swapped(registry)).toEqual({ kind: "changed" });
  expect(readdirSync(registry.directory)).toEqual([]);
});

test("somebody waits to open what was displaced: it goes back while they wait", async () => {
  expect(await scene({ swap: `${exchange}; echo swapped`, look: "echo late" })).toEqual({ outcome: { kind: "changed" }, ...untouched });
});

test("what was displaced was written to since: it goes back", async () => {
  const swap = `${exchange}; echo late >> "/proc/self/fd/3/$temp"; echo swapped`;
  expect(await scene({ swap })).toEqual({ outcome: { kind: "changed" }, text: `${before}late\n`, leftovers: [] });
});

test("what was displaced is late, but a newer file is in the registry's place by now: that one stays", async () => {
  const swap = `${exchange}; echo newer > "/proc/self/fd/3/$name.y"; mv "/proc/self/fd/3/$name.y" "/proc/self/fd/3/$name"; echo swapped`;
  const { outcome, text } = await scene({ swap, look: "echo late" });
  expect({ outcome, text }).toEqual({ outcome: { kind: "replaced", problem: undefined }, text: "newer\n" });
});

test("what was displaced is late, but somebody has written to the new file already: that stands", async () => {
  const swap = `${exchange}; sleep 0.01; echo more >> "/proc/self/fd/3/$name"; echo swapped`;
  expect(await scene({ swap, look: "echo late" })).toEqual({
    outcome: { kind: "replaced", problem: undefined },
    text: `${after}more\n`,
    leftovers: [],
  });
});

test("quiet all along: it is swapped, and what was displaced goes", async () => {
  expect(await scene({ swap: `${exchange}; echo swapped` })).toEqual({
    outcome: { kind: "replaced", problem: undefined },
    text: after,
    leftovers: [],
  });
});

test.each(["busy", "leased"])("a registry whose lease is %s, and that was written to, is left", async (lease) => {
  const registry = registryIn();
  perlThat({
    "lease *": lease === "busy" ? "echo busy" : 'echo >> "/proc/self/fd/3/$name"; echo leased',
    swap: `${exchange}; echo swapped`,
  });
  expect((await swapped(registry)).kind).toBe(lease === "busy" ? "busy" : "changed");
  expect(content(registry)).toBe(lease === "busy" ? before : `${before}\n`);
});

test("a session that comes back under the lease is spared", async () => {
  expect(await scene({ swap: `${exchange}; echo swapped` }, () => Promise.resolve(false))).toEqual({
    outcome: { kind: "revived" },
    ...untouched,
  });
});

test("a perl that does not know this machine is done without", async () => {
  const bin = scratchDirectory();
  writeFileSync(join(bin, "perl"), "#!/bin/sh\necho unsupported sparc-linux\n");
  chmodSync(join(bin, "perl"), 0o755);
  process.env["PATH"] = `${bin}:${path}`;
  const registry = registryIn();
  expect(await swapped(registry)).toEqual({ kind: "replaced", problem: undefined });
  expect(content(registry)).toBe(after);
});

/** No perl, so it is compared and renamed. */
function withoutPerl(): void {
  const bin = scratchDirectory();
  symlinkSync("/bin/cp", join(bin, "cp"));
  process.env["PATH"] = bin;
}

const changes: readonly (readonly [what: string, change: (path: string) => void])[] = [
  ["written to", (file) => appendFileSync(file, " ")],
  ["written to with as many bytes", (file) => writeFileSync(file, before.replace("live", "LIVE"))],
  ["given a second name", (file) => linkSync(file, `${file}.link`)],
  [
    "replaced",
    (file) => {
      const { atimeMs, mtimeMs } = statSync(file);
      writeFileSync(`${file}.new`, before);
      utimesSync(`${file}.new`, atimeMs / 1000, mtimeMs / 1000);
      renameSync(`${file}.new`, file);
    },
  ],
  ["given another time", (file) => utimesSync(file, 5, 5)],
];
test.each(changes)("without perl, a registry that is %s during the last look is left as it is", async (_what, change) => {
  const registry = registryIn();
  withoutPerl();
  let now = "";
  const outcome = await swapped(registry, () => {
    change(registry.path);
    now = content(registry);
    return dead();
  });
  expect([outcome, content(registry)]).toEqual([{ kind: "changed" }, now]);
});

/** What becomes of a registry that got a second name after it was read, and how many last looks that cost. */
async function swappedLinked(registry: { readonly path: string }): Promise<{ readonly outcome: Replaced; readonly looks: number }> {
  const file = readNow(registry.path);
  linkSync(registry.path, `${registry.path}.link`);
  let looks = 0;
  const outcome = await replaceJudged(file, withoutGhost(file), () => Promise.resolve((looks += 1) > 0), unused);
  return { outcome, looks };
}

test("without perl, a registry that was changed before the last look costs no look", async () => {
  const registry = registryIn();
  withoutPerl();
  expect(await swappedLinked(registry)).toEqual({ outcome: { kind: "changed" }, looks: 0 });
});

test("under the lease, a registry that has a second name costs no look", async () => {
  const registry = registryIn();
  perlThat({ swap: `${exchange}; echo swapped` });
  expect(await swappedLinked(registry)).toEqual({ outcome: { kind: "changed" }, looks: 0 });
});

test("an answer that arrives in pieces is one answer", async () => {
  expect(await scene({ attributes: "printf cop; sleep 0.1; echo ied", swap: exchange + "; printf swap; sleep 0.1; echo ped" })).toEqual({
    outcome: { kind: "replaced", problem: undefined },
    text: after,
    leftovers: [],
  });
});

test("a file that a writer put in place in the last moment, and a helper that ended took out, goes back, however old it is", async () => {
  const swap = `cp -p "/proc/self/fd/3/$name" "/proc/self/fd/3/$name.w"; echo newer > "/proc/self/fd/3/$name.w"
    touch -d "1 hour ago" "/proc/self/fd/3/$name.w"; mv "/proc/self/fd/3/$name.w" "/proc/self/fd/3/$name"; ${exchange}; exit 0`;
  expect(await scene({ swap })).toEqual({ outcome: { kind: "changed" }, text: "newer\n", leftovers: [] });
});

/** What is in the registry's place when the helper gives it back: a user put it there, and waits to write to the displaced file. */
async function givenBackOver(replace: (path: string, secret: string) => void): Promise<string> {
  const directory = scratchDirectory();
  const [name, temporary, secret] = ["registry", ".registry.new", "secret"].map((one) => join(directory, one)) as [string, string, string];
  writeFileSync(name, "judged");
  writeFileSync(temporary, "made");
  const elsewhere = scratchDirectory();
  writeFileSync(join(elsewhere, "secret"), "of another user's");
  const [at, judged, made] = [openSync(directory, "r"), openSync(name, "r"), openSync(temporary, "r+")];
  onTestFinished(() => [at, judged, made].forEach((fd) => closeSync(fd)));
  const helper = await startSwapHelper({ directory: at, judged, made }, basename(temporary), basename(name));
  const script = '$| = 1; print "here\\n"; <STDIN>; open(my $file, ">>", $ARGV[0]) or die';
  const writer = launch("perl", ["-e", script, temporary], { stdio: ["pipe", "pipe", "inherit"] });
  await once(writer.stdout as NodeJS.ReadableStream, "data");
  const ended = once(writer, "close");
  expect(await helper?.ask("attributes")).toBe("copied");
  expect(await helper?.ask(`lease ${basename(temporary)}`)).toBe("leased");
  expect(await helper?.ask("swap")).toBe("swapped");
  replace(name, secret);
  symlinkSync(join(elsewhere, "secret"), secret);
  writer.stdin?.write("now\n");
  await until("a process waits for the displaced file", () => readFileSync("/proc/locks", "utf8").includes(`LEASE  BREAKING`));
  await helper?.end();
  await ended;
  return readFileSync(`/proc/self/fd/${made}`, "utf8");
}

test.runIf(process.platform === "linux")(
  "a link that a user puts in the registry's place is not read into the file that is taken out of it",
  async () => {
    expect(
      await givenBackOver((name, secret) => {
        symlinkSync(secret, `${name}.link`);
        renameSync(`${name}.link`, name);
      }),
    ).toBe("made");
  },
);

test.runIf(process.platform === "linux")(
  "what another program puts in the registry's place is what a process finds that opened the file taken out of it",
  async () => {
    expect(
      await givenBackOver((name) => {
        writeFileSync(`${name}.newer`, "newer");
        renameSync(`${name}.newer`, name);
      }),
    ).toBe("newer");
  },
);
