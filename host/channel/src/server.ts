// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:crypto';
import type http from 'node:http';
import https from 'node:https';
import tls, { type SecureContext, type TLSSocket } from 'node:tls';
import type { ChannelIdentity } from './identity.ts';
import type { ChannelCredentials } from './leaf.ts';
import type { Log } from './log.ts';
import { channelTls, checkPeer } from './peer.ts';
import { refusalLog } from './refusal-log.ts';

export interface ChannelServerOptions {
  /** Of the server side. */
  readonly identity: ChannelIdentity;
  /** Roots of the client side, PEM. */
  readonly clientRoots: string;
  readonly log: Log;
  /** For one handshake, in milliseconds. Default 5 s. */
  readonly handshakeMs?: number;
  /** No request starts later on one connection, in milliseconds. Default 15 minutes; never past the client's certificate. */
  readonly maxAgeMs?: number;
  /** Limits of the HTTP server. */
  readonly http?: http.ServerOptions;
}

const HANDSHAKE_MS = 5_000;
const MAX_AGE_MS = 15 * 60_000;
/** A request that came in time may still be answered for so long after its certificate's end, in milliseconds. */
const GRACE_MS = 10_000;

/**
 * An HTTPS server that listens to one client alone: who has a certificate of the client side. Every connection proves
 * that anew, since no session is resumed, and lasts no longer than the proof. Nothing of a refused connection is read
 * as HTTP. The identity's renewals take effect for new connections and leave those there are.
 *
 * @throws {ChannelError} `root_invalid`
 */
export function createChannelServer(
  options: ChannelServerOptions,
  handler: (request: http.IncomingMessage, response: http.ServerResponse) => void,
): https.Server {
  const { identity, clientRoots, log, handshakeMs = HANDSHAKE_MS, maxAgeMs = MAX_AGE_MS } = options;
  const common = {
    ...channelTls('client', clientRoots),
    // Without tickets, and with no store of sessions, there is nothing to resume by.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  /** Until when a connection may carry another request, ms since the epoch. */
  const usableUntil = new WeakMap<object, number>();
  const tell = refusalLog(log);
  const refuse = (code: unknown, socket: TLSSocket) => tell(code, socket.remoteAddress);
  const contextOf = ({ key, cert }: ChannelCredentials): SecureContext =>
    tls.createSecureContext({ ...common, key, cert });
  const first = identity.current();
  let context = contextOf(first);
  const server = https.createServer(
    {
      ...options.http,
      ...common,
      key: first.key,
      cert: first.cert,
      // Node's server leaves allowPartialTrustChain out of the context that it makes by itself; this one has it. Who
      // names no server in his hello gets the other, and is refused for want of a chain.
      SNICallback: (_name, done) => done(null, context),
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: handshakeMs,
    },
    (request, response) => {
      const until = usableUntil.get(request.socket) ?? 0;
      if (Date.now() >= until) response.setHeader('connection', 'close');
      handler(request, response);
    },
  );
  // Node's own listener, which reads HTTP, comes after ours and only for those whom ours lets through.
  const [readHttp] = server.listeners('secureConnection');
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    const certificate = socket.getPeerX509Certificate();
    const error =
      certificate === undefined || !socket.authorized || socket.isSessionReused()
        ? { code: socket.authorizationError ?? 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE' }
        : checkPeer(certificate, 'client');
    if (error !== null || certificate === undefined) {
      refuse(error?.code, socket);
      socket.destroy();
      return;
    }
    const ends = certificate.validToDate.getTime();
    usableUntil.set(socket, Math.min(Date.now() + maxAgeMs, ends));
    const end = setTimeout(() => socket.destroy(), Math.max(0, ends - Date.now()) + GRACE_MS).unref();
    socket.once('close', () => clearTimeout(end));
    readHttp?.call(server, socket);
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // Node gives "ECONNRESET" for a chain that it found wanting; the reason stands in the socket.
    const found: unknown = socket.authorizationError ?? error.code;
    refuse(found, socket);
    socket.destroy();
  });
  const ended = identity.onRenewed((renewed) => {
    context = contextOf(renewed);
    server.setSecureContext({ ...common, key: renewed.key, cert: renewed.cert });
  });
  server.once('close', ended);
  return server;
}
