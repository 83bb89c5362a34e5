// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';

/**
 * What a load balancer asks: a Network Load Balancer's checks have no client certificate, and a check of the port alone would
 * call an instance healthy that has no enclave. One route, one bit: `GET /health` is 200 or 503.
 */
export class HealthServer {
  readonly #server: http.Server;

  constructor(serving: () => boolean) {
    const options = {
      maxHeaderSize: 4 * 1024,
      requestTimeout: 5_000,
      headersTimeout: 5_000,
      keepAliveTimeout: 1_000,
      connectionsCheckingInterval: 1_000,
    };
    this.#server = http.createServer(options, (request, response) => {
      const known = request.method === 'GET' && request.url === '/health';
      const status = known ? (serving() ? 200 : 503) : 404;
      response.writeHead(status, { connection: 'close', 'content-length': 0 }).end();
    });
    // Balancers check from a few addresses, and each check is one short connection.
    this.#server.maxConnections = 64;
  }

  /** @returns the port, where 0 was asked for */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => resolve());
    });
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
