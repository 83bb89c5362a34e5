// SPDX-License-Identifier: Apache-2.0

export const COUNTERS = {
  http_requests_total: 'Requests answered.',
  problems_total: 'Answers with a problem document, by its code.',
  decrypt_results_total:
    'Results of decryptions: ok for what was revealed or computed, or the code of the error.',
  batch_items_total: 'Items of batches and streams, by what was asked: ok, or the code of the error.',
  record_keys_total: 'Key pairs of new records: from the pool, or from kms, for which the request waited.',
  record_keys_made_total:
    'Key pairs made beforehand: ok, or failed; and dropped, those of them that were not used.',
} as const;

/** Route patterns, methods, statuses and codes: sets that are fixed in the program, never an id, a name or a value. */
export type Labels = Readonly<Record<string, string>>;

export interface RequestLabels {
  readonly method: string;
  readonly route: string;
  readonly status: string;
}

/** Takes figures. */
export interface Meter {
  /** A request began. */
  started(): void;
  /** @param seconds from the request's first byte to the answer's last */
  finished(labels: RequestLabels, seconds: number): void;
  /** @param by how many; one unless given */
  count(name: keyof typeof COUNTERS, labels: Labels, by?: number): void;
}

/** One that passes everything on to several. */
export function meters(...all: readonly Meter[]): Meter {
  return {
    started: () => {
      for (const one of all) one.started();
    },
    finished: (labels, seconds) => {
      for (const one of all) one.finished(labels, seconds);
    },
    count: (name, labels, by) => {
      for (const one of all) one.count(name, labels, by);
    },
  };
}
