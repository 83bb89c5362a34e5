// SPDX-License-Identifier: Apache-2.0
import type { Log } from '@enclave-vault/parent/log';
import type { OidcIssuer } from './auth/oidc.ts';
import type { Ingress } from './http/ingress.ts';
import type { Meter } from './observe/meter.ts';
import type { RouteDependencies } from './routes/dependencies.ts';

/** A rate: so many at once, so many a second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Limits against callers who ask too often. Generous: they stop floods, and are no quota. */
export interface RateLimits {
  /** Failed authentications of one address, and with the id of one API key from all addresses. */
  readonly failures: Rate;
  /** Attestation documents of one actor. */
  readonly attestations: Rate;
  /** Decryptions that one actor asks for. The enclave has a limit of its own, for all of them, that this process cannot raise. */
  readonly decrypts: Rate;
  /**
   * Decryptions of one actor in any hour, in all processes at the port together: his share of what the enclaves open, so that others have
   * the rest.
   */
  readonly decryptsPerHour: number;
  /** All requests of one actor. */
  readonly requests: Rate;
  /**
   * Refusals of one actor: each is an audit entry for ever. Beyond, none of its requests is looked at until there is room for
   * another, so that every refusal is in the audit and nobody fills it.
   */
  readonly refusals: Rate;
}

export const DEFAULT_RATES: RateLimits = {
  failures: { burst: 500, perSecond: 50 },
  attestations: { burst: 20, perSecond: 5 },
  decrypts: { burst: 2_000, perSecond: 1_000 },
  // Half of what one enclave opens, unless it is configured otherwise (DEFAULT_RATE of the protocol).
  decryptsPerHour: 180_000,
  requests: { burst: 10_000, perSecond: 5_000 },
  refusals: { burst: 1_000, perSecond: 10 },
};

/** All in milliseconds. */
export interface HttpTimeouts {
  /** From a connection's or request's start until all its headers are there. */
  readonly headers: number;
  /** From then until its body is there as well. Streams have no such end, see `idle`. */
  readonly request: number;
  /** A stream without a line that came, and without one that was taken. */
  readonly idle: number;
  /** A kept-alive connection without a request. */
  readonly keepAlive: number;
  /** An answer that is written and that its caller does not take. */
  readonly take: number;
  /** How often connections are looked at for the first two, and for answers that nobody takes. */
  readonly check: number;
  /** From a request's start until its answer: the deadline that travels with it (design, "Limits"). */
  readonly deadline: number;
}

export const DEFAULT_TIMEOUTS: HttpTimeouts = {
  headers: 10_000,
  request: 15_000,
  idle: 30_000,
  keepAlive: 60_000,
  take: 30_000,
  check: 1_000,
  deadline: 10_000,
};

export interface AppOptions extends Pick<RouteDependencies, 'vault' | 'schema' | 'health'> {
  readonly log: Log;
  /** Issuers whose tokens are taken beside API keys. */
  readonly oidc?: readonly OidcIssuer[];
  /** Names, beside those of loopback, that the Host header may have; lower case, without a port. `any`: a gateway
   * in front has chosen by host already. */
  readonly allowedHosts?: readonly string[] | 'any';
  readonly rates?: Partial<RateLimits>;
  readonly timeouts?: Partial<HttpTimeouts>;
  /** Processes at the same port and before the same enclaves, this one among them: what they share is divided by them. Default 1. */
  readonly processes?: number;
  /** Serve Swagger UI. Default true; a bundle for Lambda leaves it out. */
  readonly ui?: boolean;
  /** Whether bodies and answers stream through; default true. Behind API Gateway they come and go in one piece. */
  readonly streams?: boolean;
  /** What is known of the request that is being answered, where a gateway is in front. */
  readonly ingress?: () => Ingress | undefined;
  /** Figures of key pairs, for /metrics. */
  readonly recordKeys?: RouteDependencies['recordKeys'];
  /** Figures of others, for /metrics. */
  readonly figures?: RouteDependencies['figures'];
  /** Other processes at the same port, whose figures /metrics shows as well. */
  readonly peers?: RouteDependencies['peers'];
  /** Gets every figure beside the application's own. */
  readonly meter?: Meter;
  /** PEM. Without it the server speaks plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
}
