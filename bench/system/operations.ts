// SPDX-License-Identifier: Apache-2.0

/** One request, and the status that says it was done. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly status: number;
}

/** Twelve fields, of lengths as they have in life. `n` makes each record another one. */
export const record = (n: number): Readonly<Record<string, string>> => ({
  email: `augusta.king.${n}@example.org`,
  first_name: 'Augusta Ada',
  middle_name: 'Byron',
  last_name: 'King-Noel',
  phone_number: '+441632960123',
  ssn9: String(100_000_000 + (n % 800_000_000)),
  dob: '1985-12-10',
  address1: `${n % 1000} St James's Square`,
  city: 'London',
  state: 'Westminster',
  postal_code: 'SW1Y 4JU',
  country: 'GB',
});

const FIELDS = Object.keys(record(0));
const REASON = 'measuring the vault';

const decrypt = (id: string, body: object): Call => ({
  method: 'POST',
  path: `/v1/vaults/${id}/decrypt`,
  body: JSON.stringify({ reason: REASON, ...body }),
  status: 200,
});

export interface Operation {
  readonly name: string;
  /** The n-th request. @param id a record that is there, another for each n */
  call(n: number, id: string): Call;
  /** Whether an answer is the right one: an error would be answered faster. */
  check(answer: unknown): boolean;
}

/** What is measured. Every request is for another record than the ones before. */
export const OPERATIONS: readonly Operation[] = [
  {
    name: 'create, 12 fields',
    call: (n) => ({ method: 'POST', path: '/v1/vaults', body: JSON.stringify(record(n)), status: 201 }),
    check: (answer) => /^v_[0-9A-Z]{26}$/.test(String(member(answer, 'id'))),
  },
  {
    name: 'get',
    call: (_, id) => ({ method: 'GET', path: `/v1/vaults/${id}`, status: 200 }),
    check: (answer) => member(answer, 'dob') === true && member(answer, 'address3') === false,
  },
  {
    name: 'decrypt, 1 field',
    call: (_, id) => decrypt(id, { fields: ['dob'] }),
    check: (answer) => member(member(answer, 'data'), 'dob') === '1985-12-10',
  },
  {
    name: 'decrypt, 12 fields',
    call: (_, id) => decrypt(id, { fields: FIELDS }),
    check: (answer) => FIELDS.every((name) => typeof member(member(answer, 'data'), name) === 'string'),
  },
  {
    name: 'decrypt, an expression',
    call: (_, id) => decrypt(id, { fields: [], expressions: { adult: 'date(dob).age() >= 18' } }),
    check: (answer) => member(member(answer, 'data'), 'adult') === true,
  },
];

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
