// What is in a release, in CycloneDX 1.6: the tool, the packages of which parts are in its bundle, and the Node around it.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { bundleLibrary, bundleTool } from "../bundle.mjs";
import { bundledPackages } from "../third-party.mjs";
import { platforms } from "./platforms.mjs";
import { releaseTime } from "./time.mjs";

const purl = (name, version) => `pkg:npm/${name.replace("@", "%40")}@${version}`;

/** What npm writes of a package's bytes, as CycloneDX writes it. */
const hashes = (integrity) => [{ alg: "SHA-512", content: Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex") }];

/** What the lock says of the bytes of a package that is in the bundle. */
function lockedIntegrity({ name, version }) {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const found = Object.entries(packages).find(([path, one]) => path.endsWith(`node_modules/${name}`) && one.version === version);
  if (found === undefined) throw new Error(`package-lock.json does not know ${name}@${version}`);
  return found[1].integrity;
}

/** A name-based UUID, so that the same release has the same serial number. */
function serial(seed) {
  const hex = createHash("sha256").update(seed).digest("hex");
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export async function sbom() {
  const { name, version, license } = JSON.parse(readFileSync("package.json", "utf8"));
  const built = await Promise.all([bundleTool(), bundleLibrary()]);
  const packages = bundledPackages(...built.flatMap(({ metafiles }) => metafiles));
  const component = (one) => ({
    type: "library",
    "bom-ref": purl(one.name, one.version),
    name: one.name,
    version: one.version,
    licenses: [{ license: { id: one.license } }],
    purl: purl(one.name, one.version),
  });
  const nodes = Object.entries(platforms).map(([platform, { package: carrier, node, integrity }]) => ({
    type: "platform",
    "bom-ref": purl(carrier, node),
    name: carrier,
    version: node,
    description: `Node.js in the standalone binary for ${platform}`,
    purl: purl(carrier, node),
    hashes: hashes(integrity),
  }));
  const components = [...packages.map((one) => ({ ...component(one), hashes: hashes(lockedIntegrity(one)) })), ...nodes];
  const root = { ...component({ name, version, license }), type: "application" };
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: serial(JSON.stringify([root, components, releaseTime()])),
    version: 1,
    metadata: { timestamp: new Date(releaseTime() * 1000).toISOString(), component: root },
    components,
    dependencies: [{ ref: root["bom-ref"], dependsOn: components.map((one) => one["bom-ref"]) }],
  };
}
