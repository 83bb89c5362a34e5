// SPDX-License-Identifier: Apache-2.0

import { idOf } from './import-errand.ts';
import type { Input } from './input.ts';
import { decode, rowLines } from './ndjson-rows.ts';
import type { RowSource, SourceRow } from './row.ts';

/** Ids of records, one a line: as such, or as an object's member `id`, as an import writes them. */
export function idRows(input: Input): RowSource {
  async function* rows(): AsyncGenerator<SourceRow> {
    let n = 0;
    for await (const line of rowLines(input)) {
      n += 1;
      const id = line === undefined ? undefined : readId(line);
      yield id === undefined ? { n, text: '', refusal: { code: 'id_invalid' } } : { n, text: id };
    }
  }
  return { rows, bytes: input.bytes, bytesRead: input.bytesRead };
}

function readId(line: Buffer): string | undefined {
  const text = decode(line)?.trim() ?? '';
  if (!text.startsWith('{')) return idOf({ id: text });
  try {
    return idOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}
