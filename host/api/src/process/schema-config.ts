// SPDX-License-Identifier: Apache-2.0
import { parseSchema, type RecordSchema } from '@enclave-vault/vault';
import { ConfigError } from '../errors.ts';

/** @throws {ConfigError} */
export function parseRecordSchema(value: unknown): RecordSchema {
  try {
    return parseSchema(value);
  } catch (error) {
    // Its messages name the place and never quote.
    throw new ConfigError(error instanceof Error ? error.message : 'not a schema');
  }
}
