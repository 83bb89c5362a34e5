// SPDX-License-Identifier: Apache-2.0
import file from './default-schema.json' with { type: 'json' };
import { parseSchema } from './parse-schema.ts';
import type { RecordSchema } from './record-schema.ts';

/** The schema of a deployment that brings none of its own. */
export function defaultSchema(): RecordSchema {
  return parseSchema(file);
}
