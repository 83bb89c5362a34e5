// SPDX-License-Identifier: Apache-2.0

import { idOf } from './import-errand.ts';
import type { Input } from './input.ts';
import { decode, rowLines } from './ndjson-rows.ts';
import type { RowSource, SourceRow } from './row.ts';

/** Ids of records, one a line: as such, or as an object's member `id`, as an import writes them. */
export function idRows(input: Input): RowSource {
  async function* rows(): AsyncGenerator<SourceRow> {
    let n = 0;
    for await (const { bytes, end } of rowLines(input)) {
      n += 1;
      const id = bytes === undefined ? undefined : readId(bytes);
      yield id === undefined ? { n, end, text: '', refusal: { code: 'id_invalid' } } : { n, end, text: id };
    }
  }
  return { rows, bytes: input.bytes };
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
