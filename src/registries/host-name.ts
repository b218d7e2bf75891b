import { isRecord } from "./fields.ts";
import { bodyOf } from "./formats/shared/one-file.ts";

/**
 * The lock under another host's name, every other byte as it was; undefined where that cannot be told for certain. Its
 * own program then finds a lock of this host whose pid is dead, and follows its own rules.
 */
export function underName(content: string, host: string): string | undefined {
  const body = bodyOf(content);
  const name = /("hostname"\s*:\s*)"(?:[^"\\]|\\.)*"/g;
  if (!isRecord(body) || content.match(name)?.length !== 1) return undefined;
  const renamed = content.replace(name, (_, member: string) => member + JSON.stringify(host));
  return JSON.stringify(bodyOf(renamed)) === JSON.stringify({ ...body, hostname: host }) ? renamed : undefined;
}
