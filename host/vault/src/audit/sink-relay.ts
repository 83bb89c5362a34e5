// SPDX-License-Identifier: Apache-2.0
import type { AuditHead, AuditSink } from '../ports/audit.ts';
import type { Clock } from '../ports/clock.ts';
import type { Reporter } from '../ports/report.ts';
import { beforeDeadline } from '../util/deadline.ts';

/** Heads kept for a sink that is out of order. Beyond, the oldest are dropped: later heads of a chain cover earlier ones. */
const MAX_WAITING = 10_000;
/** Late heads under way at once: half of what the log group's sink takes with one call, so that those of requests have room beside them. */
const MOST_LATE = 1_000;

/**
 * Sends new heads to the sink. A head the sink did not take is sent again with the next one, so that a fault
 * leaves no gap while this process lives; later heads of the same chain cover a gap that a crash leaves.
 *
 * While the sink hangs, a new head waits for nothing but what is under way: it is sent before late ones, of which a bounded number goes at once.
 */
export class SinkRelay {
  readonly #sink: AuditSink;
  readonly #clock: Clock;
  readonly #report: Reporter;
  #waiting: AuditHead[] = [];
  /** Late heads that are under way again. */
  #resent = 0;

  constructor(sink: AuditSink, clock: Clock, report: Reporter) {
    this.#sink = sink;
    this.#clock = clock;
    this.#report = report;
  }

  /** Heads the sink has not taken yet. */
  get waiting(): number {
    return this.#waiting.length + this.#resent;
  }

  /**
   * Resolves to whether all of `heads` are durable in the sink. The entries are in the store in either case: a caller
   * that is about to reveal something must not when this says false. A head that is late for the deadline is not lost: it arrives, or is kept.
   * @param deadline milliseconds since the epoch: it is answered by then, whatever the sink does
   */
  async send(heads: readonly AuditHead[], deadline = Number.POSITIVE_INFINITY): Promise<boolean> {
    const own = this.#append(heads);
    const late = this.#sendLate();
    let taken = false;
    const sent = own.then(async (failed) => {
      if (failed.length > 0) this.#keep([...this.#waiting, ...failed]);
      taken = failed.length === 0;
      // A sink in order takes both at once. Of one that is not, the answer is known.
      if (taken) await late;
    });
    await beforeDeadline(this.#clock, deadline, sent).catch(() => undefined);
    return taken;
  }

  /** Never rejects. Resolves when the sink has taken, or not taken, as many as go at once. */
  async #sendLate(): Promise<void> {
    if (this.#resent > 0 || this.#waiting.length === 0) return;
    const late = this.#waiting.slice(0, MOST_LATE);
    this.#waiting = this.#waiting.slice(MOST_LATE);
    this.#resent = late.length;
    const failed = await this.#append(late);
    this.#resent = 0;
    this.#keep([...failed, ...this.#waiting]);
    // It is in order again: the others follow, and nobody waits for them.
    if (failed.length === 0) void this.#sendLate();
  }

  #keep(heads: readonly AuditHead[]): void {
    this.#waiting = heads.slice(-MAX_WAITING);
  }

  /** @returns what the sink did not take */
  async #append(heads: readonly AuditHead[]): Promise<AuditHead[]> {
    const results = await Promise.allSettled(heads.map((head) => this.#sink.append(head)));
    const failed = heads.filter((_, index) => results[index]?.status === 'rejected');
    if (failed.length === 0) return [];
    const reason = results.find((result) => result.status === 'rejected')?.reason;
    const where = reason instanceof Error && 'code' in reason ? { where: reason.message } : {};
    this.#report({ event: 'audit_sink_failed', code: 'audit_unavailable', ...where });
    return failed;
  }
}
