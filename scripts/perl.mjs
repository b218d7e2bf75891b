// Has perl read each of its programs with every warning on, and without running it: none may say anything.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const prelude = "src/host/programs/machine.pl";

const programs = ["src", "tools"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name}`)
    .filter((path) => path.endsWith(".pl")),
);

/** perl names the file that a line is from. */
const textOf = (path) => `# line 1 "${path}"\n${readFileSync(path, "utf8")}`;

for (const path of programs.toSorted()) {
  const isOurs = path.startsWith("src/") && path !== prelude;
  const input = `${isOurs ? textOf(prelude) : ""}${textOf(path)}`;
  const { error, stderr } = spawnSync("perl", ["-wc"], { input, encoding: "utf8" });
  if (error !== undefined) throw new Error("perl has to be installed: the programs in src/**/*.pl are checked by it", { cause: error });
  if (stderr === "- syntax OK\n") continue;
  process.stderr.write(`${path}:\n${stderr}`);
  process.exitCode = 1;
}
