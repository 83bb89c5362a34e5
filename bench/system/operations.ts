// SPDX-License-Identifier: Apache-2.0

/** Twelve fields, of lengths as they have in life. `n` makes each record another one. */
export const record = (n: number): Readonly<Record<string, string>> => ({
  email: emailOf(n),
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

const emailOf = (n: number): string => `augusta.king.${n}@example.org`;
const FIELDS = Object.keys(record(0));
const REASON = 'measuring the vault';

/** A record that is there, and the number it was made of. */
export interface Known {
  readonly id: string;
  readonly n: number;
}

/** Records that reads are spread over. Those of the cold set are asked for once each, until there are no more. */
export interface Records {
  readonly hot: readonly Known[];
  readonly cold: readonly Known[];
}

/** One request, and what the right answer holds: an error would be answered faster, and another record's is no answer. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly status: number;
  readonly holds: readonly string[];
}

export interface Operation {
  readonly name: string;
  readonly what: string;
  /** Before it is measured, each record of the hot set is decrypted, its key asked for anew, and then until no enclave lacks one: only then is it what it says it is to the end, however few clients there are. */
  readonly afterReading?: true;
  /** The n-th request of all. @param cold the next one of the cold set */
  call(n: number, records: Records, cold: () => Known): Call;
}

const hot = ({ hot: all }: Records, n: number): Known => at(all, n);
export function at(all: readonly Known[], n: number): Known {
  const found = all[n % all.length];
  if (found === undefined) throw new Error('there are no records');
  return found;
}

const decrypt = ({ id }: Known, body: object, holds: readonly string[]): Call => ({
  method: 'POST',
  path: `/v1/vaults/${id}/decrypt`,
  body: JSON.stringify({ reason: REASON, ...body }),
  status: 200,
  holds,
});
export const whole = (known: Known, more: object = {}): Call =>
  decrypt(known, { fields: FIELDS, ...more }, [`"email":"${emailOf(known.n)}"`, '"country":"GB"']);

const create: Operation = {
  name: 'create',
  what: 'a record of 12 fields',
  call: (n) => ({
    method: 'POST',
    path: '/v1/vaults',
    body: JSON.stringify(record(n)),
    status: 201,
    holds: ['{"id":"v_'],
  }),
};
const get: Operation = {
  name: 'get',
  what: 'which fields there are',
  call: (n, records) => ({
    method: 'GET',
    path: `/v1/vaults/${hot(records, n).id}`,
    status: 200,
    holds: ['"dob":true', '"address3":false'],
  }),
};
const update: Operation = {
  name: 'update',
  what: 'one field, of the hot set',
  call: (n, records) => ({
    method: 'PATCH',
    path: `/v1/vaults/${hot(records, n).id}`,
    body: JSON.stringify({ city: n % 2 === 0 ? 'London' : 'Marylebone' }),
    status: 200,
    holds: ['{}'],
  }),
};
const decryptHot: Operation = {
  name: 'decrypt-hot',
  what: '12 fields of records that were decrypted a moment before',
  afterReading: true,
  call: (n, records) => whole(hot(records, n)),
};
const decryptCold: Operation = {
  name: 'decrypt-cold',
  what: '12 fields of records that were not: KMS is asked for each',
  call: (_, __, cold) => whole(cold()),
};
const expressions: Operation = {
  name: 'expressions',
  what: 'two expressions over two fields of the hot set, no field',
  afterReading: true,
  call: (n, records) => {
    const wanted = { adult: 'date(dob).age() >= 18', mail: "email.endsWith('.org')" };
    return decrypt(hot(records, n), { expressions: wanted }, ['"adult":true', '"mail":true']);
  },
};

/** Of 100 requests. */
export const MIX = { get: 60, 'decrypt-hot': 25, create: 10, update: 5 } as const;
const mixed: Operation = {
  name: 'mixed',
  what: Object.entries(MIX)
    .map(([name, share]) => `${share} % ${name}`)
    .join(', '),
  afterReading: true,
  call: (n, records, cold) => {
    // A walk over all residues, so that every hundred requests have the shares above, and none comes in a block.
    const turn = (n * 37) % 100;
    const own = turn < 60 ? get : turn < 85 ? decryptHot : turn < 95 ? create : update;
    return own.call(n, records, cold);
  },
};

export const OPERATIONS: readonly Operation[] = [
  create,
  get,
  update,
  decryptHot,
  decryptCold,
  expressions,
  mixed,
];

/** One request as bytes on the wire. */
export function serialize({ method, path, body }: Call, port: number, key: string): string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${key}\r\n`;
  if (body === undefined) return `${head}\r\n`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
