import { findAccount, type Account } from "../systemd/manage/account.ts";
import type { Scope } from "../systemd/manage/manager.ts";
import { Failure } from "./failure.ts";

/** The manager that `--user` and `--system USER` mean. */
export function scopeFrom({ user, system }: { readonly user?: boolean; readonly system?: string }): Scope {
  if (system === undefined) return { kind: "user" };
  if (user === true) throw new Failure("usage", "--user and --system exclude each other");
  if (!/^[A-Za-z_][\w.-]*$/.test(system)) throw new Failure("usage", `--system: "${system}" is not a user's name`);
  return { kind: "system", user: system };
}

export async function accountOf(user: string): Promise<Account> {
  const account = await findAccount(user);
  if (account === undefined) throw new Failure("usage", `--system: there is no user "${user}"`);
  return account;
}
