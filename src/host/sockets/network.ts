import { readFileSync, readlinkSync, statSync } from "node:fs";
import { seen, unseen, type Observed } from "../../core/evidence.ts";
import { look } from "../observed.ts";
import { listPids } from "../processes/pids.ts";
import { readStat } from "../processes/proc-stat.ts";

const networkOf = (pid: number | "self"): string => readlinkSync(`/proc/${pid}/ns/net`);
const cgroupOf = (pid: number | "self"): string => readFileSync(`/proc/${pid}/cgroup`, "latin1");

/**
 * Whether a loopback address here is that of other processes of this machine, too: one that pid 1's user or one of the given
 * users runs has our network namespace, and stands outside our kernel session and our cgroup. What we share with all that was
 * started along with us may be a network of its own. Where pid 1 stands in our cgroup, that tells no two services apart.
 */
export function sharedNetwork(users: ReadonlySet<number>): Observed<true> {
  // Other systems have no network namespaces.
  if (process.platform !== "linux") return seen(true);
  const ours = look("our own network namespace", () => ({
    network: networkOf("self"),
    cgroup: cgroupOf("self"),
    session: readStat("self").kernelSession,
    pids: listPids(),
  }));
  if (!ours.seen) return ours;
  const { network, cgroup, session, pids } = ours.value;
  const first = look("pid 1", () => ({ uid: statSync("/proc/1").uid, cgroup: cgroupOf(1) }));
  const tellsApart = !first.seen || first.value.cgroup !== cgroup;
  const isShared = (pid: number): boolean => {
    const { uid } = statSync(`/proc/${pid}`);
    if (!users.has(uid) && !(first.seen && uid === first.value.uid)) return false;
    if (networkOf(pid) !== network || readStat(pid).kernelSession === session) return false;
    return !tellsApart || cgroupOf(pid) !== cgroup;
  };
  const found = pids.some((pid) => {
    const shared = look(`pid ${pid}`, () => isShared(pid));
    return shared.seen && shared.value;
  });
  return found ? seen(true) : unseen("no process outside of our own session shows that this network is the machine's");
}
