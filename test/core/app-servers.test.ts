import { describe, expect, test } from "vitest";
import { argvNamesServer, canonicalHost, isServerAddress, serverPlace } from "../../src/core/app-servers.ts";

test.each([
  ["[::1]", "0:0:0:0:0:0:0:1"],
  ["::", "0:0:0:0:0:0:0:0"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
  ["[::FFFF:7f00:1]", "127.0.0.1"],
  ["0:0:0:0:0:ffff:0.0.0.0", "0.0.0.0"],
  ["fe80::1:2", "fe80:0:0:0:0:0:1:2"],
  ["127.0.0.1", "127.0.0.1"],
])("the host %s is %s", (host, canonical) => expect(canonicalHost(host)).toBe(canonical));

test.each([
  ["ws://127.0.0.1:8788", true],
  ["ws://127.0.0.2:8788/", true],
  ["ws://localhost", true],
  ["ws://[::1]:1/", true],
  ["ws://127.0.0.1:65535", true],
  ["unix://", true],
  ["unix:///run/s.sock", true],
  ["ws://127.0.0.1:0", false],
  ["ws://127.0.0.1:65536", false],
  ["ws://0.0.0.0:8788", false],
  ["ws://127.0.0.1:8788/x", false],
  ["ws://127.0.0.1:87\n88", false],
  ["ws://example.net:80", false],
  ["wss://127.0.0.1", false],
  ["http://ws://127.0.0.1", false],
  ["ws://127.0.0.1.example.net", false],
  ["unix://relative", false],
  ["xunix://", false],
  ["unix:///run/\u001b[2Js.sock", false],
  ["unix:///run/s.sock\n", false],
  ["unix:///run/s\u0000.sock", false],
])("%j can be asked: %s", (url, expected) => expect(isServerAddress(url)).toBe(expected));

test("localhost is an address of both protocols", () => {
  expect(serverPlace("ws://localhost:1/")).toEqual({ kind: "tcp", hosts: ["127.0.0.1", "0:0:0:0:0:0:0:1"], port: 1 });
});

describe("an app server's argv names an address", () => {
  const named = "ws://127.0.0.1:8788";
  test.each([
    ["in another spelling", ["codex", "app-server", "--listen=ws://localhost:8788/"], named],
    ["at every interface", ["codex", "app-server", "--listen", "ws://0.0.0.0:8788"], named],
    ["at every interface of both protocols", ["codex", "app-server", "--listen", "ws://[::]:8788"], named],
    ["within an address of version 6", ["codex", "app-server", "--listen", "ws://[::ffff:127.0.0.1]:8788"], named],
    ["that is localhost's of version 6", ["codex", "app-server", "--listen", "ws://[::1]:8788"], "ws://localhost:8788"],
    ["at every interface, in the spelling of a number", ["codex", "app-server", "--listen", "ws://0:8788"], named],
    ["as a port behind an address without a scheme", ["codex", "app-server", "--listen", "0.0.0.0:8788"], named],
    ["as a port of every interface", ["codex", "app-server", "--listen=*:8788"], named],
    ["as a port alone", ["codex", "app-server", "--port", "8788"], named],
    ["in an argv that has become a title", ["codex app-server --listen ws://127.0.0.1:8788"], named],
    ["of a socket below a link", ["codex", "app-server", "--listen", "unix:///var/run/codex.sock"], "unix:///run/codex.sock"],
    [
      "of Codex's own socket",
      ["codex", "app-server", "--listen", "unix://"],
      "unix:///home/u/.codex/app-server-control/app-server-control.sock",
    ],
  ])("%s", (_, argv, url) => expect(argvNamesServer(argv, url)).toBe(true));

  test.each([
    ["as a client", ["codex", "--remote", named], named],
    ["of another port", ["codex", "app-server", "--listen", "ws://127.0.0.1:87881"], named],
    ["of another port at every interface", ["codex", "app-server", "--listen", "ws://0.0.0.0:8789"], named],
    ["of another interface", ["codex", "app-server", "--listen", "ws://192.168.0.1:8788"], named],
    ["of another port alone", ["codex", "app-server", "--port", "87881"], named],
    ["of a port, not of a socket", ["codex", "app-server", "--port", "8788"], "unix:///run/8788"],
    ["in a path that ends like a port", ["codex", "app-server", "/x:8788"], named],
    ["of the other protocol", ["codex", "app-server", "--listen", "ws://[::1]:8788"], named],
    ["of another socket", ["codex", "app-server", "--listen", "unix:///run/b.sock"], "unix:///run/a.sock"],
    ["of a socket, not of a port", ["codex", "app-server", "--listen", "unix:///run/8788"], named],
    ["in no word of its own", ["codex", "app-server", "--listen", "ws://127.0.0.1:8788?x"], named],
  ])("but not %s", (_, argv, url) => expect(argvNamesServer(argv, url)).toBe(false));
});
