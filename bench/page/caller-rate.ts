// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_RATE } from '@enclave-vault/protocol';
import { hourly } from '../../host/api/src/http/token-bucket.ts';

/** Half of what an enclave opens in an hour, by default, is one caller's, and half of that comes at once (docs/bulk.md). */
const OF_CALLER = hourly(DEFAULT_RATE.perHour / 2);

/** What one caller may decrypt, as the vault is by default. */
export const CALLER_RATE = `${OF_CALLER.burst.toLocaleString('en-US')} at once and ${OF_CALLER.perSecond} a second from then on`;

/** What an enclave opens by default, for all callers and for one. */
export const DEFAULT_DECRYPTIONS = `as configured by default an enclave opens ${DEFAULT_RATE.perHour.toLocaleString('en-US')} records an hour, ${DEFAULT_RATE.perHour / 3600} a second in the long run, and one caller has ${CALLER_RATE}`;
