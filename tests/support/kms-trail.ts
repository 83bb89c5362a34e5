// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalVault } from './local-vault.ts';

/** CloudTrail's record of a call, as far as tests ask. */
export interface TrailEvent {
  readonly eventName: string;
  readonly errorCode?: string;
  readonly userAgent: string;
  readonly requestParameters: {
    readonly encryptionContext?: Readonly<Record<string, string>>;
    readonly keyId?: string;
  } | null;
}

/** The calls that the KMS of a running vault has had, the oldest first. */
export function kmsTrail({ data }: Pick<LocalVault, 'data'>, name?: string): TrailEvent[] {
  return readFileSync(join(data, 'kms-events.log'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      // The last line may be half written.
      if (!line.endsWith('}')) return [];
      const event = JSON.parse(line) as TrailEvent;
      return name === undefined || event.eventName === name ? [event] : [];
    });
}

/** Ids that KMS has made key pairs for. */
export function pairsMade(vault: Pick<LocalVault, 'data'>): string[] {
  return kmsTrail(vault, 'GenerateDataKeyPairWithoutPlaintext').flatMap(
    ({ errorCode, requestParameters }) => {
      const id = requestParameters?.encryptionContext?.vault_id;
      return errorCode === undefined && id !== undefined ? [id] : [];
    },
  );
}
