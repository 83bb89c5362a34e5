// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { KmsError } from '../../errors.ts';
import type { Dial } from '../../ports.ts';

export interface TlsAgentOptions {
  readonly dial: Dial;
  /** Name that KMS's certificate must have. */
  readonly servername: string;
  /** PEM certificates that it must chain to; Node's own list does not count. */
  readonly roots: readonly string[];
  readonly maxSockets: number;
  /** For connecting and the handshake, ms. */
  readonly connectMs: number;
  /** How long an unused connection is kept, ms. */
  readonly idleMs: number;
}

/** Suites of TLS 1.2 with forward secrecy and an AEAD, beside those of TLS 1.3. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

/**
 * A pool of TLS connections over a relay. HTTP gets a connection only when the peer has proved to be KMS, so not a byte of a
 * request is written to anybody else.
 */
export class TlsAgent extends Agent {
  readonly #options: TlsAgentOptions;

  constructor(options: TlsAgentOptions) {
    super({ keepAlive: true, maxSockets: options.maxSockets, scheduling: 'lifo', timeout: options.idleMs });
    this.#options = options;
  }

  override createConnection(_: unknown, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    const { dial, connectMs } = this.#options;
    let secure: TLSSocket | null = null;
    let settled = false;
    const timer = setTimeout(() => settle('connect_timed_out'), connectMs);
    const settle = (refusal: string | null): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (refusal === null && secure !== null) {
        callback?.(null, secure);
        return;
      }
      secure?.destroy();
      // http takes no stream with an error, whatever the type says.
      const fail = callback as ((error: Error) => void) | undefined;
      fail?.(new KmsError('unavailable', refusal ?? 'connection_lost'));
    };
    dial(connectMs).then(
      (relay) => {
        if (settled) relay.destroy();
        else secure = this.#secure(relay, settle);
      },
      () => settle('relay_down'),
    );
    return undefined;
  }

  #secure(relay: Duplex, settle: (refusal: string | null) => void): TLSSocket {
    const { servername, roots } = this.#options;
    const secure = connect({
      socket: relay,
      servername,
      ca: [...roots],
      minVersion: 'TLSv1.2',
      ciphers: CIPHERS,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: true,
    });
    // For as long as they live: a failure may be told twice, by either, and one that nobody hears ends the program.
    relay.on('error', () => settle('relay_closed'));
    secure.on('error', (error: NodeJS.ErrnoException) => settle(refusalOf(error)));
    secure.on('close', () => {
      relay.destroy();
      settle('relay_closed');
    });
    secure.once('secureConnect', () => settle(null));
    return secure;
  }
}

/** OpenSSL's reasons for a certificate that is not KMS's (Node's tls, "X509 certificate error codes"), in a few words for the log. */
const REFUSALS: Readonly<Record<string, string>> = {
  CERT_NOT_YET_VALID: 'certificate_not_yet_valid',
  CERT_HAS_EXPIRED: 'certificate_expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate_name',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate_untrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate_untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate_untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate_untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate_untrusted',
  CERT_SIGNATURE_FAILURE: 'certificate_untrusted',
  INVALID_PURPOSE: 'certificate_untrusted',
  // One for which Node has no name, such as a chain through somebody who may not issue certificates.
  UNSPECIFIED: 'certificate_untrusted',
  // How a connection looks that the relay took, and closed because it found no KMS.
  ECONNRESET: 'relay_closed',
};

function refusalOf({ code }: NodeJS.ErrnoException): string {
  return (code === undefined ? undefined : REFUSALS[code]) ?? 'tls_failed';
}
