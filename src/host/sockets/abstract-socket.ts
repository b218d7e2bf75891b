/** The size of `sun_path` on Linux (unix(7)). */
const addressBytes = 108;

/**
 * An abstract socket's address, which the kernel drops with its holder. It is filled up: of a shorter name, Node 20
 * takes the zero bytes after it for a part and Node 24 does not, so that the two would not see each other's lock.
 */
export function abstractAddress(name: string): string {
  return `\0${name}`.padEnd(addressBytes, "-");
}
