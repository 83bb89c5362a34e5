// SPDX-License-Identifier: Apache-2.0
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ConfigError } from '../errors.ts';
import { together } from '../observe/together.ts';
import { askFigures } from './figures.ts';

const SOCKET = /^api-([1-9]\d?)\.sock$/;

/**
 * The processes that share one port: each shows its figures at a socket of one folder, and whichever is scraped shows those of all. The
 * folder is also what tells processes of one vault from those of another that has the same port.
 */
export class Peers {
  readonly #folder: string;
  readonly #member: number;
  #own: () => Promise<string> = async () => '';
  #server: Server | undefined;

  /** @throws {ConfigError} when others may write to the folder: they could show figures, or take the place of a process */
  constructor(folder: string, member: number) {
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found === undefined || !found.isDirectory()) throw new ConfigError('cluster.folder is not a folder');
    if (found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0)
      throw new ConfigError('cluster.folder must belong to this user alone (mode 0700)');
    this.#folder = folder;
    this.#member = member;
  }

  /** What this process shows of itself. */
  show(own: () => Promise<string>): void {
    this.#own = own;
  }

  /**
   * Takes this process's place among them.
   * @throws {ConfigError} when a process that lives has it
   */
  async join(): Promise<void> {
    const path = this.#path(this.#member);
    if (await answers({ path })) throw new ConfigError('cluster.member is taken by another process');
    // Left behind by one that was killed.
    rmSync(path, { force: true });
    const server = createServer((_request, response) => {
      this.#own().then(
        (text) => response.end(text),
        () => response.writeHead(500).end(),
      );
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    server.unref();
    this.#server = server;
  }

  /**
   * Sockets with SO_REUSEPORT share a port with any other of the same user: a second vault would get a part of the first one's requests.
   * @throws {ConfigError} when somebody answers at the port, and none of the others of this vault lives
   */
  async demandPort(host: string, port: number): Promise<void> {
    if (port === 0) return;
    const others = this.#members().filter((member) => member !== this.#member);
    const alive = await Promise.all(others.map((member) => answers({ path: this.#path(member) })));
    if (!alive.includes(true) && (await answers({ host: reachable(host), port })))
      throw new ConfigError('port is in use');
  }

  /** Figures of all, each line with the number of its process. Of one that does not answer there is the fact alone. */
  async figures(): Promise<string> {
    const texts = await Promise.all(
      this.#members().map(async (member): Promise<readonly [number, string | undefined]> => {
        const text = member === this.#member ? await this.#own() : await askFigures(this.#path(member));
        return [member, text];
      }),
    );
    return together(texts);
  }

  close(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  #path(member: number): string {
    return join(this.#folder, `api-${member}.sock`);
  }

  #members(): number[] {
    const found = readdirSync(this.#folder).flatMap((name) => SOCKET.exec(name)?.[1] ?? []);
    return [...new Set([this.#member, ...found.map(Number)])].toSorted((a, b) => a - b);
  }
}

/** An address to listen at, as one to connect to. */
const reachable = (host: string): string => (host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host);

/** Whether somebody takes connections there. */
function answers(place: { path: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(place);
    const done = (found: boolean) => {
      socket.destroy();
      resolve(found);
    };
    // After one more look at what has come: it may have been this process that stood still.
    socket.setTimeout(500, () => setImmediate(() => done(false)));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
