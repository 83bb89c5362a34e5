// SPDX-License-Identifier: Apache-2.0

export type Fields = Readonly<Record<string, string>>;

interface Write {
  readonly rev: number;
  readonly fields: Fields;
}

/** What a client may rely on of one record: the writes that were acknowledged. */
export class LedgerRecord {
  readonly id: string;
  readonly #writes: Write[];

  constructor(id: string, fields: Fields) {
    this.id = id;
    this.#writes = [{ rev: 1, fields }];
  }

  /** @param rev the revision that the answer named (its ETag) */
  updated(rev: number, fields: Fields): void {
    this.#writes.push({ rev, fields });
  }

  get writes(): number {
    return this.#writes.length;
  }

  /** Revisions named twice: two acknowledged writes that became one, or an update that went around another. */
  get repeated(): number {
    return this.#writes.length - new Set(this.#writes.map(({ rev }) => rev)).size;
  }

  get rev(): number {
    return Math.max(...this.#writes.map(({ rev }) => rev));
  }

  /** The value of each field after all writes, in the order of their revisions. */
  get fields(): Fields {
    const inOrder = this.#writes.toSorted((a, b) => a.rev - b.rev);
    return Object.assign({}, ...inOrder.map(({ fields }) => withDerived(fields)));
  }
}

/** ssn4 is set from ssn9 in the same write. */
function withDerived(fields: Fields): Fields {
  return fields.ssn9 === undefined ? fields : { ...fields, ssn4: fields.ssn9.slice(-4) };
}

/** Names of the fields whose values differ, or that are there on one side only. */
export function difference(expected: Fields, found: unknown): string[] {
  const values = typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : {};
  const names = new Set([...Object.keys(expected), ...Object.keys(values)]);
  return [...names].filter((name) => expected[name] !== values[name]);
}
