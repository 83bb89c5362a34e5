// SPDX-License-Identifier: Apache-2.0
import { type HttpAnswer, HttpClient, type HttpRequest } from '@enclave-vault/parent/http-client';

/** The way to a parent, and why a connection did not come about. */
export interface ParentLink {
  /** As the configuration says it: a path or a host and port. */
  readonly address: string;
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Node's or OpenSSL's code of the last connection that failed. */
  readonly lastFailure: string | undefined;
  close(): void;
}

/** A parent on this machine. */
export function unixParent(path: string): ParentLink {
  const http = new HttpClient({ unix: path });
  return {
    address: path,
    request: (request) => http.request(request),
    lastFailure: undefined,
    close: () => http.close(),
  };
}
