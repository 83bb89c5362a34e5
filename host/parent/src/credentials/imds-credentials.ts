// SPDX-License-Identifier: Apache-2.0
import type { ParentCredentials } from '@enclave-vault/protocol';
import { Backoff } from '../backoff.ts';
import { codeOf, ParentError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ImdsClient } from './imds-client.ts';
import { readIdentity, readRoleCredentials, readRoleName } from './imds-documents.ts';
import type { CredentialSource, InstanceIdentity } from './source.ts';

export interface ImdsCredentialsOptions {
  client: Pick<ImdsClient, 'get'>;
  /** The role's name; by default the one that the service names. */
  role?: string;
  log: Log;
  /** ms since the epoch. */
  now?: () => number;
  random?: () => number;
  /** Longest and first wait after a failure, in milliseconds. Default 30 s and 500 ms. */
  backoffMaxMs?: number;
  backoffBaseMs?: number;
}

const CREDENTIALS = '/latest/meta-data/iam/security-credentials/';
const IDENTITY = '/latest/dynamic/instance-identity/document';
/** New ones are there at least five minutes before the old ones expire (EC2 User Guide, "IAM roles for Amazon EC2"). */
const REFRESH_BEFORE_MS = 60_000;
/** setTimeout knows no longer ones. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const HINTS: Readonly<Record<string, string>> = {
  imds_unreachable: 'is the metadata service on, and its hop limit high enough for where this runs?',
  imds_refused: 'has the instance a role, and is the metadata service on?',
};

/**
 * The instance role's credentials from the metadata service: renewed 60 s before they expire, one renewal at a time; while the
 * service is away the old ones are given out until they expire. They live in this object and nowhere else, never in a log.
 */
export class ImdsCredentials implements CredentialSource {
  readonly #options: ImdsCredentialsOptions;
  readonly #now: () => number;
  readonly #backoff: Backoff;
  #held: ParentCredentials | null = null;
  #identity: InstanceIdentity | null = null;
  #renewing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** Until when a failed renewal is not repeated, ms since the epoch. */
  #notBefore = 0;
  #closed = false;

  constructor(options: ImdsCredentialsOptions) {
    const { backoffBaseMs: baseMs = 500, backoffMaxMs: maxMs = 30_000, random = Math.random } = options;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#backoff = new Backoff({ baseMs, maxMs, random });
    void this.#renew();
  }

  get available(): boolean {
    return this.#valid() !== null;
  }

  get identity(): InstanceIdentity | null {
    return this.#identity;
  }

  async current(): Promise<ParentCredentials> {
    const held = this.#valid();
    // The timer does that too, but a machine that slept finds its timers late.
    if (this.#due()) void this.#renew();
    if (held !== null) return held;
    await this.#renewing;
    const renewed = this.#valid();
    if (renewed === null) throw new ParentError('no_credentials');
    return renewed;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#held = null;
  }

  #valid(): ParentCredentials | null {
    const expiration = this.#held?.expiration ?? 0;
    return expiration > this.#now() ? this.#held : null;
  }

  #due(): boolean {
    const now = this.#now();
    return now >= (this.#held?.expiration ?? 0) - REFRESH_BEFORE_MS && now >= this.#notBefore;
  }

  #renew(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#renewing ??= this.#fetch().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** Never rejects: what went wrong is in the log, and tried again. */
  async #fetch(): Promise<void> {
    const { log } = this.#options;
    try {
      const fresh = await this.#read();
      if (this.#closed) return;
      const expiration = fresh.expiration ?? 0;
      const changed = expiration !== this.#held?.expiration;
      if (expiration > this.#now()) this.#held = fresh;
      if (expiration - REFRESH_BEFORE_MS > this.#now()) {
        this.#backoff.reset();
        this.#notBefore = 0;
        if (changed) log('info', 'credentials_renewed', { expires: new Date(expiration).toISOString() });
        return this.#schedule(expiration - REFRESH_BEFORE_MS - this.#now());
      }
      log('warn', 'credentials_not_renewed', { expires: new Date(expiration).toISOString() });
    } catch (error) {
      if (this.#closed) return;
      const code = codeOf(error);
      log('warn', 'credentials_unavailable', {
        code,
        cause: error instanceof ParentError ? error.message : 'internal',
        still_valid: this.available,
        hint: HINTS[code],
      });
    }
    const delay = this.#backoff.next();
    this.#notBefore = this.#now() + delay;
    this.#schedule(delay);
  }

  async #read(): Promise<ParentCredentials> {
    const { client, role: given } = this.#options;
    const role = given ?? readRoleName(await client.get(CREDENTIALS));
    const credentials = readRoleCredentials(await client.get(CREDENTIALS + role));
    this.#identity ??= await client.get(IDENTITY).then(
      (text) => readIdentity(text, role),
      () => null,
    );
    return credentials;
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#renew(), Math.min(ms, MAX_TIMER_MS)).unref();
  }
}
