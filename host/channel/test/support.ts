// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type https from 'node:https';
import type { AddressInfo } from 'node:net';
import { signDigest } from '../../../emulators/kms/src/ecdsa.ts';
import { signingOf } from '../../../emulators/kms/src/specs.ts';
import type { ChannelIdentity, ChannelServerOptions, Side } from '../src/index.ts';
import {
  createChannelRoot,
  createChannelServer,
  openChannelIdentity,
  type SignDigest,
} from '../src/index.ts';

/** A key as KMS holds one: digests go in, signatures come out. */
export class TestKey {
  readonly privateKey: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  readonly publicKey: Buffer = createPublicKey(this.privateKey).export({ format: 'der', type: 'spki' });
  /** Thrown instead of signing while set. */
  fails: Error | null = null;
  signed = 0;

  readonly sign: SignDigest = async (digest) => {
    if (this.fails !== null) throw this.fails;
    const signing = signingOf('ECC_NIST_P384');
    if (signing === null) throw new Error('no algorithm');
    this.signed += 1;
    return signDigest(this.privateKey.export({ format: 'der', type: 'pkcs8' }), signing, digest);
  };

  root(side: Side): string {
    return createChannelRoot({ publicKey: this.publicKey, side });
  }
}

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function logTo(lines: LogLine[]) {
  return (level: string, event: string, fields: Readonly<Record<string, unknown>> = {}) =>
    void lines.push({ level, event, fields });
}

/** Both sides of a deployment, with what a test may change of one. */
export class Deployment {
  readonly serverKey = new TestKey();
  readonly clientKey = new TestKey();
  readonly log: LogLine[] = [];
  readonly serverRoots = this.serverKey.root('server');
  readonly clientRoots = this.clientKey.root('client');
  readonly #ends: (() => unknown)[] = [];

  async identity(side: Side, more: { lifetimeMs?: number } = {}): Promise<ChannelIdentity> {
    const identity = await openChannelIdentity({
      side,
      sign: side === 'server' ? this.serverKey.sign : this.clientKey.sign,
      roots: side === 'server' ? this.serverRoots : this.clientRoots,
      log: logTo(this.log),
      ...more,
    });
    this.#ends.push(() => identity.close());
    return identity;
  }

  /** A server of the channel that answers with what it was sent, and counts what it read as HTTP. */
  async serve(more: Partial<ChannelServerOptions> = {}) {
    const seen: string[] = [];
    const server: https.Server = createChannelServer(
      {
        identity: more.identity ?? (await this.identity('server')),
        clientRoots: this.clientRoots,
        log: logTo(this.log),
        ...more,
      },
      (request, response) => {
        seen.push(`${request.method} ${request.url}`);
        request.pipe(response);
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#ends.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    return { server, seen, port: (server.address() as AddressInfo).port };
  }

  refusals(side: Side): unknown[] {
    return this.log
      .filter(({ event, fields }) => event === 'channel_refused' && fields.side === side)
      .map(({ fields }) => fields.reason);
  }

  onEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

/** Waits until `check` holds, or fails after a minute. */
export async function until(check: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!check()) {
    if (Date.now() > end) throw new Error('did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
