import { keyItself, valueItself } from "../fields.ts";
import { saidBy, type Member } from "./members.ts";
import { countOf, type Guess } from "./pids.ts";
import type { Surroundings } from "./specimen.ts";

export const uuid = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

const sessionNames = /(?:session|thread|conversation|chat)(?:id|uuid|key)?$/;
const idNames = /^(?:id|sid|uuid|guid)$/;
/** Of these an id is no session's, or one that the session came from. */
const otherIds =
  /boot|machine|host|user|account|project|org|parent|prev|fork|origin|source|hub|token|auth|request|message|team|device|install|nonce|trace|span|tmux/;

/** Names that a member with an id has, and that no agent is called by. */
export const isIdName = (name: string): boolean => sessionNames.test(name) || idNames.test(name) || otherIds.test(name);

/** An id is one word. */
const isId = (value: unknown): value is string =>
  typeof value === "string" && value.length >= 4 && value.length <= 128 && !/\s|\//.test(value);

/** Ids that are this short, or nothing but digits, say nothing where they stand in an argv. */
const isTelling = (id: string): boolean => id.length >= 8 && !/^\d+$/.test(id);

const bare = (id: string): string => id.toLowerCase().replaceAll("-", "");

/** Which member is the session, the best guess first. */
export function sessionGuesses(members: readonly Member[], around: Surroundings): readonly Guess[] {
  const guesses = members.flatMap((member): readonly Guess[] => {
    const ids = saidBy(member).map(({ value }) => value);
    if (ids.length === 0 || !ids.every(isId) || otherIds.test(member.name)) return [];
    if (ids.some((id) => [around.bootId, around.machineId].some((own) => own !== undefined && bare(own) === bare(id)))) return [];
    const uuids = ids.filter((id) => uuid.test(id)).length;
    const isShared = ids.length > 1 && new Set(ids).size === 1;
    const base = { field: "sessionId", member: member.member } as const;
    const carried = ids.find((id) => isTelling(id) && around.carrierOf(id) !== undefined);
    const isCarried = carried !== undefined && (uuid.test(carried) || sessionNames.test(member.name) || idNames.test(member.name));
    if (isCarried) return [{ ...base, why: `process ${around.carrierOf(carried)} has it in its arguments`, sure: true, rank: 100 }];
    if (isShared) return [];
    const isBare = member.member === keyItself || member.member === valueItself;
    const all = uuids === ids.length;
    if (isBare)
      return all
        ? [{ ...base, why: `${countOf(uuids, ids.length)} ${ids.length === 1 ? "is a UUID" : "are UUIDs"}`, sure: false, rank: 25 }]
        : [];
    if (sessionNames.test(member.name))
      return [{ ...base, why: `it is called a session${all ? ", and is a UUID" : ""}`, sure: all, rank: all ? 60 : 50 }];
    if (idNames.test(member.name))
      return [{ ...base, why: `it is called an id${all ? ", and is a UUID" : ""}`, sure: false, rank: all ? 40 : 30 }];
    return all ? [{ ...base, why: "it is a UUID, though it is not called a session", sure: false, rank: 20 }] : [];
  });
  return guesses.toSorted((a, b) => b.rank - a.rank);
}

const hostNames = /^(?:host|hostname|machine|machinename|node|nodename|computer|computername|server|servername)$/;
const address = /^(?:localhost|.*:.*|.*\/.*|[\d.]+)$/i;

/** Texts that say where an entry was written: its host, boot, machine and pid namespace. */
export function placeGuesses(members: readonly Member[], around: Surroundings): readonly Guess[] {
  return members.flatMap((member): readonly Guess[] => {
    const values = saidBy(member).map(({ value }) => value);
    const texts = values.filter((value): value is string => typeof value === "string");
    if (values.length === 0 || member.member === keyItself || member.member === valueItself) return [];
    const said = { member: member.member, rank: 1 } as const;
    if (/pidn(?:ame)?s(?:pace)?/.test(member.name) && !/path/.test(member.name))
      return [{ ...said, field: "pidNamespace", why: "it is called a pid namespace", sure: false }];
    if (texts.length !== values.length) return [];
    const own = (id: string | undefined): boolean => id !== undefined && texts.some((text) => bare(text) === bare(id));
    if (own(around.bootId)) return [{ ...said, field: "bootId", why: "it is the id of this boot", sure: true, rank: 2 }];
    if (own(around.machineId)) return [{ ...said, field: "machineId", why: "it is the id of this machine", sure: true, rank: 2 }];
    if (/bootid/.test(member.name) && texts.every((text) => uuid.test(text)))
      return [{ ...said, field: "bootId", why: "it is called a boot, and is a UUID", sure: false }];
    if (!hostNames.test(member.name) || texts.some((text) => address.test(text))) return [];
    const here = texts.some((text) => text.toLowerCase().split(".")[0] === around.hostname.toLowerCase().split(".")[0]);
    return [
      {
        ...said,
        field: "host",
        why: here ? "it is the name of this machine" : "it is called a host; no entry names this one",
        sure: here,
        rank: here ? 2 : 1,
      },
    ];
  });
}

const directories =
  /^(?:cwd|workingdir(?:ectory)?|workdir|projectdir|projectpath|projectroot|workspace(?:root|path)?|worktree(?:path)?|dir|directory|root)$/;
const agents = /^(?:agent|agentname|agentid|identity|handle|name|sessionname|worker|workername|alias)$/;

/** Texts that say what the agent is called, where it works and which terminal it has. */
export function nameGuesses(members: readonly Member[]): readonly Guess[] {
  return members.flatMap((member): readonly Guess[] => {
    const values = saidBy(member).map(({ value }) => value);
    if (values.length === 0 || member.member === keyItself || member.member === valueItself) return [];
    if (!values.every((value): value is string => typeof value === "string" && value.length <= 4096)) return [];
    const said = { member: member.member, sure: false } as const;
    const { name } = member;
    if (directories.test(name) && values.every((value) => value.startsWith("/")))
      return [{ ...said, field: "cwd", why: "it is called a directory, and is a path", rank: name === "cwd" ? 2 : 1 }];
    if (agents.test(name) && values.every((value) => !uuid.test(value) && !value.startsWith("/") && value.length <= 128))
      return [{ ...said, field: "identity", why: "it is called a name", rank: name.startsWith("agent") || name === "identity" ? 2 : 1 }];
    if (/tmux.*socket/.test(name)) return [{ ...said, field: "tmuxSocket", why: "it is called a tmux socket", rank: 1 }];
    if (/pane(?:id)?$/.test(name) && values.every((value) => /^%\d+$/.test(value)))
      return [{ ...said, field: "tmuxPane", why: "it is a tmux pane (%N)", rank: 1 }];
    return /^tmux(?:session|name|sessionname|sessionid)?$/.test(name)
      ? [{ ...said, field: "tmuxSession", why: "it is called a tmux session", rank: 1 }]
      : [];
  });
}
