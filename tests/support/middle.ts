// SPDX-License-Identifier: Apache-2.0
import net from 'node:net';

/** Which way bytes go: from who connected, or back to him. */
export type Way = 'to' | 'back';

/** What becomes of some bytes: other bytes, none, or the end of the connection. */
export type Fate = Buffer | null | 'cut';

/** One who has a place in the network between two programs: sees, changes, drops, adds and redirects bytes. */
export class Middle {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  /** Everything that passed, as it came, by connection. */
  readonly recorded: { readonly to: Buffer[]; readonly back: Buffer[] }[] = [];
  /** @param at which piece of its way it is on its connection, from 0 */
  act: (way: Way, bytes: Buffer, at: number) => Fate = (_, bytes) => bytes;
  /** Where connections go. */
  target: number;

  private constructor(target: number) {
    this.target = target;
    this.#server = net.createServer((client) => this.#carry(client));
  }

  /** @param target port on this machine */
  static async before(target: number): Promise<Middle> {
    const middle = new Middle(target);
    await new Promise<void>((done) => middle.#server.listen(0, '127.0.0.1', done));
    return middle;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** All that passed one way. */
  all(way: Way): Buffer {
    return Buffer.concat(this.recorded.flatMap((connection) => connection[way]));
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size / 2;
  }

  /** Writes bytes of his own into every connection that is open. */
  inject(way: Way, bytes: Buffer): void {
    for (const socket of this.#sockets) if (SIDE.get(socket) === way) socket.write(bytes);
  }

  /** Ends every connection, and is as he was. */
  settle(): void {
    this.act = (_, bytes) => bytes;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.settle();
    this.#server.close();
  }

  #carry(client: net.Socket): void {
    const server = net.connect(this.target, '127.0.0.1');
    const record = { to: [] as Buffer[], back: [] as Buffer[] };
    this.recorded.push(record);
    const pipe = (way: Way, from: net.Socket, onto: net.Socket) => {
      this.#sockets.add(onto);
      // What goes to the server is written onto the server's socket.
      SIDE.set(onto, way);
      from.on('data', (bytes) => {
        const fate = this.act(way, bytes, record[way].length);
        record[way].push(bytes);
        if (fate === 'cut') {
          client.destroy();
          server.destroy();
        } else if (fate !== null) onto.write(fate);
      });
      from.on('error', () => undefined);
      from.on('end', () => onto.end());
      from.on('close', () => {
        this.#sockets.delete(from);
        onto.destroy();
      });
    };
    pipe('to', client, server);
    pipe('back', server, client);
  }
}

const SIDE = new WeakMap<net.Socket, Way>();

/** The same bytes with one bit turned. @param at from the end when negative */
export function turned(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  const index = Math.max(0, at < 0 ? changed.length + at : Math.min(at, changed.length - 1));
  changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
  return changed;
}
