// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { ChannelError } from './errors.ts';
import { type ChannelCredentials, issueCredentials, LIFETIME_MS, type SignDigest } from './leaf.ts';
import type { Log } from './log.ts';
import { type ChannelRoot, readChannelRoots } from './root.ts';
import type { Side } from './sides.ts';

export interface ChannelIdentityOptions {
  readonly side: Side;
  /** Signs with the side's KMS key. Must end by itself, well or not. */
  readonly sign: SignDigest;
  /** Roots of the same side, PEM; the one whose key signs is found by trying. */
  readonly roots: string;
  readonly log: Log;
  /** Of a certificate, in milliseconds. Default 24 hours, which is the most that a peer takes. */
  readonly lifetimeMs?: number;
  /** How long to try for the first certificate while KMS cannot be reached, in milliseconds. Default 10 s. */
  readonly openMs?: number;
  /** ms since the epoch. */
  readonly clock?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Who this process is on the channel: a key pair of its own with a certificate that KMS signed, renewed in time. */
export interface ChannelIdentity {
  /** The newest certificate; past its end when KMS was down for longer than half of its life. */
  current(): ChannelCredentials;
  /** One that is good now: when the newest has ended, asks KMS and waits. @throws {ChannelError} */
  valid(): Promise<ChannelCredentials>;
  /** Calls back after each renewal. @returns ends that */
  onRenewed(listener: (credentials: ChannelCredentials) => void): () => void;
  close(): void;
}

const OPEN_MS = 10_000;
/** A process that was frozen (a Lambda between two requests) must not sleep on past the renewal for longer. */
const TICK_MS = 60_000;
const FIRST_RETRY_MS = 1_000;
/** A line a minute or so, while KMS does not sign: the alarm on these lines, three in five minutes, stays up until it does. */
const MOST_RETRY_MS = 60_000;

/**
 * Opens an identity: resolves with its first certificate at hand.
 *
 * @throws {ChannelError} `root_invalid`, `root_mismatch`, `kms_denied`, or `kms_unavailable` after `openMs`
 */
export async function openChannelIdentity(options: ChannelIdentityOptions): Promise<ChannelIdentity> {
  const { openMs = OPEN_MS, clock = Date.now } = options;
  const deadline = clock() + openMs;
  const renewal = new Renewal(options, readChannelRoots(options.roots, options.side));
  for (let delay = 100; ; delay *= 2) {
    try {
      await renewal.renew();
      return renewal;
    } catch (error) {
      if (codeOf(error) !== 'kms_unavailable' || clock() + delay >= deadline) throw error;
      await sleep(delay);
    }
  }
}

class Renewal implements ChannelIdentity {
  readonly #options: ChannelIdentityOptions;
  readonly #lifetimeMs: number;
  readonly #clock: () => number;
  readonly #listeners = new Set<(credentials: ChannelCredentials) => void>();
  #roots: readonly ChannelRoot[];
  #newest: ChannelCredentials | null = null;
  #renewAt = 0;
  #failures = 0;
  #underWay: Promise<ChannelCredentials> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ChannelIdentityOptions, roots: readonly ChannelRoot[]) {
    this.#options = options;
    this.#roots = roots;
    this.#lifetimeMs = options.lifetimeMs ?? LIFETIME_MS;
    this.#clock = options.clock ?? Date.now;
  }

  current(): ChannelCredentials {
    if (this.#newest === null) throw new ChannelError('closed');
    return this.#newest;
  }

  async valid(): Promise<ChannelCredentials> {
    const newest = this.current();
    const now = this.#clock();
    if (now >= newest.notAfter) return this.renew();
    // The timer may have been frozen with the process.
    if (now >= this.#renewAt) this.#tick();
    return newest;
  }

  onRenewed(listener: (credentials: ChannelCredentials) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    this.#newest = null;
    this.#listeners.clear();
    clearTimeout(this.#timer);
  }

  /** A new certificate; those who ask meanwhile share it. */
  renew(): Promise<ChannelCredentials> {
    this.#underWay ??= this.#issue().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  #schedule(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const wait = Math.min(TICK_MS, Math.max(0, this.#renewAt - this.#clock()));
    this.#timer = setTimeout(() => this.#tick(), wait).unref();
  }

  #tick(): void {
    // A renewal that is under way looks after itself.
    if (this.#closed || this.#underWay !== null) return;
    if (this.#clock() < this.#renewAt) {
      this.#schedule();
      return;
    }
    const { log, side } = this.#options;
    this.renew().catch((error: unknown) => {
      if (this.#closed) return;
      const ends = this.#newest?.notAfter ?? 0;
      const ended = this.#clock() >= ends;
      log(ended ? 'error' : 'warn', ended ? 'channel_identity_ended' : 'channel_renewal_failed', {
        side,
        code: codeOf(error),
        ends: new Date(ends).toISOString(),
      });
      this.#renewAt = this.#clock() + this.#backOff();
      this.#schedule();
    });
  }

  async #issue(): Promise<ChannelCredentials> {
    const { sign, side, log, random = Math.random } = this.#options;
    const issued = this.#clock();
    const credentials = await this.#sign(sign, issued);
    if (this.#closed) throw new ChannelError('closed');
    this.#newest = credentials;
    this.#failures = 0;
    // Half of its life, less or more a tenth, so that many processes do not renew in step.
    this.#renewAt = issued + this.#lifetimeMs * (0.45 + random() * 0.1);
    log('info', 'channel_identity_issued', { side, ends: new Date(credentials.notAfter).toISOString() });
    for (const listener of this.#listeners) listener(credentials);
    this.#schedule();
    return credentials;
  }

  async #sign(sign: SignDigest, now: number): Promise<ChannelCredentials> {
    for (const root of this.#roots) {
      try {
        const credentials = await issueCredentials(root, sign, now, this.#lifetimeMs);
        this.#roots = [root, ...this.#roots.filter((other) => other !== root)];
        return credentials;
      } catch (error) {
        if (codeOf(error) !== 'root_mismatch') throw error;
      }
    }
    throw new ChannelError('root_mismatch', 'no configured root has the key that signs');
  }

  /** Doubles from a second up to a minute, or a twentieth of a shorter life, half of it random. */
  #backOff(): number {
    const { random = Math.random } = this.#options;
    const ceiling = Math.min(
      this.#lifetimeMs / 20,
      MOST_RETRY_MS,
      FIRST_RETRY_MS * 2 ** Math.min(this.#failures, 20),
    );
    this.#failures += 1;
    return ceiling / 2 + (random() * ceiling) / 2;
  }
}

function codeOf(error: unknown): string {
  return error instanceof ChannelError ? error.code : 'internal';
}
