// SPDX-License-Identifier: Apache-2.0
import type { AuditHead, AuditSink } from '../ports/audit.ts';
import type { Reporter } from '../ports/report.ts';

/** Heads kept for a sink that is out of order. Beyond, the oldest are dropped: later heads of a chain cover earlier ones. */
const MAX_WAITING = 10_000;

/**
 * Sends new heads to the sink. A head the sink did not take is sent again before the next one, so that a fault
 * leaves no gap while this process lives; later heads of the same chain cover a gap that a crash leaves.
 */
export class SinkRelay {
  readonly #sink: AuditSink;
  readonly #report: Reporter;
  #waiting: AuditHead[] = [];

  constructor(sink: AuditSink, report: Reporter) {
    this.#sink = sink;
    this.#report = report;
  }

  /** Heads the sink has not taken yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves to whether all of `heads` are durable in the sink. The entries are in the store in either case: a caller
   * that is about to reveal something must not when this says false.
   */
  async send(heads: readonly AuditHead[]): Promise<boolean> {
    const late = this.#waiting;
    this.#waiting = [];
    const results = await Promise.allSettled([...late, ...heads].map((head) => this.#sink.append(head)));
    const failed = [...late, ...heads].filter((_, index) => results[index]?.status === 'rejected');
    if (failed.length === 0) return true;
    this.#waiting = [...failed, ...this.#waiting].slice(-MAX_WAITING);
    const reason = results.find((result) => result.status === 'rejected')?.reason;
    const where = reason instanceof Error && 'code' in reason ? { where: reason.message } : {};
    this.#report({ event: 'audit_sink_failed', code: 'audit_unavailable', ...where });
    return !heads.some((head) => failed.includes(head));
  }
}
