// SPDX-License-Identifier: Apache-2.0
import net from 'node:net';
import {
  ChannelError,
  type ChannelIdentity,
  channelTarget,
  openChannelIdentity,
} from '@enclave-vault/channel';
import { createKmsSigner, type KmsSignerOptions } from '@enclave-vault/channel/kms';
import { type HttpAnswer, HttpClient, type HttpRequest } from '@enclave-vault/parent/http-client';
import { Skip } from './check.ts';

/** The way to a parent, and why a connection did not come about. */
export interface ParentLink {
  /** As the configuration says it: a path or a host and port. */
  readonly address: string;
  /** True: only /health can be asked there. */
  readonly healthOnly: boolean;
  /** @throws {Skip} when this place may not open the channel */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** What went wrong with the last connection, explained; undefined when nothing is known. */
  readonly lastFailure: string | undefined;
  close(): void;
}

/** A parent on this machine. */
export function unixParent(path: string): ParentLink {
  return plain(new HttpClient({ unix: path }), path, false);
}

/** The place where a parent answers a load balancer, which has no certificate. */
export function healthOfParent(host: string, port: number): ParentLink {
  // An address that means all of them is listened at, and cannot be called.
  const called = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const connect = () =>
    new Promise<net.Socket>((resolve, reject) => {
      const socket = net.connect({ host: called, port, timeout: CONNECT_MS });
      socket.once('connect', () => resolve(socket.setTimeout(0)));
      socket.once('error', reject);
      socket.once('timeout', () => socket.destroy(new Error('no connection in time')));
    });
  return plain(new HttpClient({ connect }), `${called}:${port}`, true);
}

const CONNECT_MS = 2_000;
const OPEN_MS = 3_000;

function plain(http: HttpClient, address: string, healthOnly: boolean): ParentLink {
  return {
    address,
    healthOnly,
    lastFailure: undefined,
    request: (request) => http.request(request),
    close: () => http.close(),
  };
}

export interface ChannelParent {
  readonly host: string;
  readonly port: number;
  /** Roots, PEM. */
  readonly clientRoot: string;
  readonly serverRoot: string;
  /** Of the client's side. */
  readonly signer: KmsSignerOptions;
}

/** A parent over the channel, as the API calls it: the identity is made at the first request. */
export function channelParent(options: ChannelParent): ParentLink {
  const { host, port, clientRoot, serverRoot, signer } = options;
  const kms = createKmsSigner(signer);
  let failure: string | undefined;
  let opening: Promise<{ http: HttpClient; identity: ChannelIdentity }> | undefined;
  const open = async () => {
    const identity = await openChannelIdentity({
      side: 'client',
      sign: kms.sign,
      roots: clientRoot,
      log: () => undefined,
      openMs: OPEN_MS,
    });
    const log = (_level: string, _event: string, fields: Readonly<Record<string, unknown>> = {}) => {
      failure = CHANNEL_FAILURES[String(fields.reason)] ?? CHANNEL_FAILURES.other;
    };
    return {
      identity,
      http: new HttpClient(channelTarget({ host, port, identity, serverRoots: serverRoot, log })),
    };
  };
  return {
    address: `${host}:${port}`,
    healthOnly: false,
    get lastFailure() {
      return failure;
    },
    async request(request) {
      opening ??= open();
      try {
        const { http } = await opening;
        return await http.request(request);
      } catch (error) {
        if (error instanceof ChannelError) {
          if (error.code === 'kms_denied')
            throw new Skip(
              'the channel opens for the API’s role only: these credentials may not sign with channel.key',
            );
          failure = CHANNEL_ERRORS[error.code] ?? error.code;
        } else failure ??= CHANNEL_FAILURES.closed;
        throw error;
      }
    },
    close() {
      opening?.then(
        ({ http, identity }) => {
          http.close();
          identity.close();
        },
        () => undefined,
      );
      kms.close();
    },
  };
}

const CHANNEL_ERRORS: Readonly<Record<string, string>> = {
  root_invalid: 'a channel root is no root of its side',
  root_mismatch: 'channel.clientRoot is not the root of channel.key',
  kms_unavailable: 'KMS cannot be reached to sign this side’s certificate',
};

/** By the reasons that the channel itself logs. */
const CHANNEL_FAILURES: Readonly<Record<string, string>> = {
  untrusted: 'the parent’s certificate is below another root than channel.serverRoot',
  expired:
    'the parent’s certificate has expired: its clock or this one’s is wrong, or it could not renew it with KMS',
  not_yet_valid: 'the parent’s certificate is not valid yet: its clock or this one’s is wrong',
  wrong_purpose: 'what answers has a certificate that is no parent’s',
  wrong_name: 'what answers has a certificate that is no parent’s',
  no_certificate: 'the parent got no certificate of this side',
  protocol: 'what answers does not speak the channel’s TLS 1.3',
  timeout: 'no answer in time: security group, route or load balancer',
  gone: 'nothing listens there, or it closed the connection',
  closed:
    'the parent closed the connection: it does not take certificates below this channel.clientRoot, or has no healthy place',
  other: 'the connection did not come about',
};
