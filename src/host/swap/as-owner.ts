/** Who owns what is to be made. */
export type Owner = { readonly uid: number; readonly gid: number };

function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM");
}

/**
 * Root makes what is a user's as that user, so that at no instant a file or a directory of root's lies in a user's directory.
 * What the user may not make there, root does; the directory is then not the user's.
 */
export function asOwner<T>({ uid, gid }: Owner, make: () => T): T {
  const { geteuid, getegid, seteuid, setegid } = process;
  if (geteuid?.() !== 0 || getegid === undefined || seteuid === undefined || setegid === undefined || uid === 0) return make();
  const group = getegid();
  try {
    setegid(gid);
    seteuid(uid);
    return make();
  } catch (error) {
    seteuid(0);
    if (isRefusal(error)) return make();
    throw error;
  } finally {
    seteuid(0);
    setegid(group);
  }
}
