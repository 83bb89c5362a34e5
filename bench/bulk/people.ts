// SPDX-License-Identifier: Apache-2.0
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';

/**
 * The n-th person: 12 fields of lengths as in life, and nobody's. The names say so, domains and telephone numbers are those kept for
 * examples (RFC 2606, Ofcom's numbers for drama), and no social security number begins with 9.
 */
export const person = (n: number): Readonly<Record<string, string>> => ({
  email: `synthetic.person.${n}@example.org`,
  first_name: 'Synthetic',
  middle_name: 'Testdata',
  last_name: `Person-${n}`,
  phone_number: `+441632960${String(n % 1000).padStart(3, '0')}`,
  ssn9: String(900_000_000 + (n % 99_999_999)),
  dob: `${1940 + (n % 60)}-${String(1 + (n % 12)).padStart(2, '0')}-${String(1 + (n % 28)).padStart(2, '0')}`,
  address1: `${n % 1000} Nowhere Street, "Flat" ${n % 7}`,
  city: 'Sample City',
  state: 'Examplia',
  postal_code: 'ZZ1 4JU',
  country: 'GB',
});

export const FIELDS = Object.keys(person(0));

/** Writes so many people as CSV or lines of JSON. */
export async function writePeople(path: string, records: number, format: 'csv' | 'ndjson'): Promise<void> {
  const quoted = (text: string) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  function* lines(): Generator<string> {
    if (format === 'csv') yield `${FIELDS.join(',')}\n`;
    for (let n = 1; n <= records; n += 1) {
      const one = person(n);
      yield format === 'csv' ? `${Object.values(one).map(quoted).join(',')}\n` : `${JSON.stringify(one)}\n`;
    }
  }
  await pipeline(lines, createWriteStream(path));
}

/** Holds every exported record against what went in. @returns how many there are */
export async function comparePeople(path: string): Promise<number> {
  let n = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    n += 1;
    const { data } = JSON.parse(line) as { data: Record<string, unknown> };
    const wrong = Object.entries(person(n)).find(([name, value]) => data[name] !== value);
    if (wrong !== undefined) throw new Error(`record ${n} came out with another ${wrong[0]}`);
  }
  return n;
}
