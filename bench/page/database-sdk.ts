// SPDX-License-Identifier: Apache-2.0

/** A score and its error, both ms an operation, as JMH prints them. */
type Score = readonly [ms: number, error: number];

/** AWS Database Encryption SDK for DynamoDB, pull request 187: decrypting an item of 100 KB with a single attribute, nested ones and many flat ones. */
export const DATABASE_SDK = {
  runs: 3,
  local: [
    [3.562, 9.05],
    [7.324, 14.642],
    [10.872, 30.36],
  ],
  kms: [
    [33.85, 15.867],
    [39.032, 16.093],
    [43.199, 18.375],
  ],
} as const satisfies {
  readonly runs: number;
  readonly local: readonly Score[];
  readonly kms: readonly Score[];
};

export function databaseSdkFigure(): string {
  const { local, kms } = DATABASE_SDK;
  return `decrypts an item of 100 KB in ${range(local, 0, 1)} ms with a local key, ${range(kms, 0, 0)} ms with a KMS key`;
}

/** How large they are beside what they are of. */
export function errorBars(): string {
  const { local, kms } = DATABASE_SDK;
  return `error bars ${beside(local)} (± ${range(local, 1, 0)} ms) with the local key, ${beside(kms)} (± ${range(kms, 1, 0)} ms) with the KMS key`;
}

function beside(scores: readonly Score[]): string {
  if (scores.every(([ms, error]) => error > ms)) return 'larger than the figures';
  return scores.every(([ms, error]) => error > ms / 3) ? 'more than a third of the figures' : 'smaller';
}

function range(scores: readonly Score[], which: 0 | 1, digits: number): string {
  const all = scores.map((score) => score[which]);
  return `${Math.min(...all).toFixed(digits)} to ${Math.max(...all).toFixed(digits)}`;
}
