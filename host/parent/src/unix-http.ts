// SPDX-License-Identifier: Apache-2.0
import { HttpClient } from './http-client.ts';

export type { HttpAnswer as UnixAnswer, HttpRequest as UnixRequest } from './http-client.ts';

/** {@link HttpClient} to one unix socket. */
export class UnixHttpClient extends HttpClient {
  constructor(socketPath: string) {
    super({ unix: socketPath });
  }
}
