// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import type { ChannelIdentity } from './identity.ts';
import type { Log } from './log.ts';
import { channelTls, checkPeer } from './peer.ts';
import { refusalOf } from './refusal.ts';
import { SERVER_NAME } from './sides.ts';

export interface ChannelTargetOptions {
  readonly host: string;
  readonly port: number;
  /** Of the client side. */
  readonly identity: ChannelIdentity;
  /** Roots of the server side, PEM. */
  readonly serverRoots: string;
  readonly log: Log;
}

/** The target of an HTTP client over the channel: where to, as whom, and who must be there. */
export interface ChannelTarget {
  readonly tls: {
    readonly host: string;
    readonly port: number;
    readonly servername: string;
    readonly options: () => Promise<ConnectionOptions>;
    readonly onFailure: (code: string) => void;
  };
}

/**
 * Where a client of the parent goes over the channel (`HttpClient` of host/parent takes it as it is). Each new connection has the identity's
 * newest certificate. A server below another root, for another purpose or of another name gets no byte of a request.
 *
 * @throws {ChannelError} `root_invalid`
 */
export function channelTarget(options: ChannelTargetOptions): ChannelTarget {
  const { host, port, identity, serverRoots, log } = options;
  const common = channelTls('server', serverRoots);
  return {
    tls: {
      host,
      port,
      servername: SERVER_NAME,
      async options() {
        const { key, cert } = await identity.valid();
        return {
          ...common,
          key,
          cert,
          rejectUnauthorized: true,
          checkServerIdentity: (_name, { raw }) => checkPeer(new X509Certificate(raw), 'server') ?? undefined,
        };
      },
      onFailure: (code) => log('warn', 'channel_refused', { side: 'client', reason: refusalOf(code), code }),
    },
  };
}
