import type { Endpoint } from "./registration.ts";

/** How an endpoint is named in reports and looked up in evidence. */
export function endpointName(endpoint: Endpoint): string {
  return endpoint.kind === "tcp" ? `127.0.0.1:${endpoint.port}` : endpoint.path;
}
