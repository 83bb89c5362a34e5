// SPDX-License-Identifier: Apache-2.0
import type { CborValue } from '@enclave-vault/codec';
import { text } from './read.ts';

/** Names as they may stand in a message (design, "Names"). They are ASCII, so characters are bytes. */
const FIELD_NAME = /^[a-z][a-z0-9_]{0,63}$/;
const TENANT = /^[a-z][a-z0-9-]{0,62}$/;
/** A ULID (26 characters of Crockford's base 32), or the KSUID (27 of base 62) of an imported record. */
const VAULT_ID = /^v_(?:[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-9A-Za-z]{27})$/;
const KEY_ARN = /^arn:aws[a-z-]{0,32}:kms:[a-z0-9-]{1,64}:[0-9]{12}:key\/[A-Za-z0-9-]{1,128}$/;
const REGION = /^[a-z0-9-]{1,64}$/;
const HOST = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

export const fieldName = (value: CborValue, what: string): string => text(value, what, 64, FIELD_NAME);
export const tenant = (value: CborValue, what: string): string => text(value, what, 63, TENANT);
export const vaultId = (value: CborValue, what: string): string => text(value, what, 29, VAULT_ID);
export const keyArn = (value: CborValue, what: string): string => text(value, what, 320, KEY_ARN);
export const region = (value: CborValue, what: string): string => text(value, what, 64, REGION);
export const hostName = (value: CborValue, what: string): string => text(value, what, 253, HOST);
