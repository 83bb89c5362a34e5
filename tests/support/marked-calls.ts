// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';

/** Calls of the API with marked values in every place that a caller can fill, and what is to come of each. */
export interface MarkedCall {
  readonly call: readonly [method: string, path: string, body?: unknown];
  readonly status: number;
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Text that is nowhere else: beginning with the run's mark. */
export type Mark = (label: string) => string;

/** What is wrong with a body, with marks in it. */
export function badBodies(mark: Mark): readonly (readonly [body: unknown, status: number])[] {
  return [
    [`{"first_name":"${mark('cut')}`, 400],
    [`{"first_name":"${mark('one')}","first_name":"${mark('two')}"}`, 400],
    [`{"first_name":"${mark('control')}\n"}`, 400],
    [`{"__proto__":{"first_name":"${mark('proto')}"}}`, 400],
    [`"${mark('string')}"`, 422],
    [`["${mark('array')}"]`, 422],
    [`${mark('bare')}`, 400],
    [{ first_name: [mark('list')] }, 422],
    [{ first_name: { [mark('member-of')]: mark('object') } }, 422],
    [{ ssn9: mark('not-digits') }, 422],
    [{ dob: mark('not-a-date') }, 422],
    [{ email: `${mark('not-an-address')}@` }, 422],
    [{ country: mark('not-a-country') }, 422],
    [{ city: mark('long').repeat(100) }, 422],
    [{ [mark('unknown-member')]: 'x' }, 422],
    [{ unknown: mark('unknown') }, 422],
    [{ city: mark('beside-null'), state: null }, 422],
    [{ ssn4: '0000', ssn9: '123456789', city: mark('contradicted') }, 422],
    [`{"city":"${mark('large')}${'x'.repeat(1024 * 1024)}"}`, 413],
    [`${'['.repeat(200)}"${mark('deep')}"${']'.repeat(200)}`, 400],
  ];
}

/** Expressions, valid and not, that have marks in their sources or compute with marked fields. */
export function expressions(mark: Mark): Readonly<Record<string, string>> {
  const bomb = `${'[1,2,3,4,5,6,7,8,9].all(a, '.repeat(9)}size(first_name) > 0${')'.repeat(9)}`;
  return {
    keyed: `hmac_sha256(ssn9, "${mark('hmac-key')}")`,
    keyed_too: `first_name.hmac_sha512("${mark('hmac-key-too')}")`,
    literal: `last_name == "${mark('literal')}"`,
    not_a_number: 'int(first_name)',
    not_a_date: 'date(last_name).age()',
    not_a_time: 'timestamp(address1)',
    not_hex: 'hex_decode(city)',
    no_such_key: 'record[first_name]',
    by_index: '[1][int(ssn9)]',
    divided: '1 / (int(ssn9) - int(ssn9))',
    pattern: 'first_name.matches(last_name + "(")',
    unfinished: `first_name + "${mark('unfinished')}`,
    nonsense: `${mark('nonsense')} + first_name`,
    no_overload: `first_name - "${mark('no-overload')}"`,
    bomb,
  };
}

/** Bytes that are not quite HTTP, each sent on a connection of its own. */
export function notRequests(mark: Mark): readonly string[] {
  const host = 'Host: 127.0.0.1\r\n';
  return [
    `${mark('no-request')}\r\n\r\n`,
    `GET /${mark('bad-version')} HTTP/9.9\r\n${host}\r\n`,
    `GET / HTTP/1.1\r\n${host}${mark('no-colon')}\r\n\r\n`,
    `POST /v1/vaults HTTP/1.1\r\n${host}Content-Length: ${mark('length')}\r\n\r\n`,
    `POST /v1/vaults HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n${mark('chunk')}\r\n`,
    `GET /v1/vaults/%${mark('percent')} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    `GET http://${mark('authority')}.example/ HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    `GET /health HTTP/1.1\r\nHost: ${mark('host')}.example\r\nConnection: close\r\n\r\n`,
    `GET /health HTTP/1.1\r\n${host}Expect: ${mark('expect')}\r\nConnection: close\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}X-Large: ${mark('header').repeat(1200)}\r\n\r\n`,
    `POST /v1/vaults HTTP/1.1\r\n${host}Authorization: Bearer ${mark('a-token')}\r\nAuthorization: Bearer ${mark('another')}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  ];
}

/** @returns what the server answered until it, or we after a while, closed */
export function sendRaw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    socket.setTimeout(500, done);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', done);
    socket.on('close', done);
    socket.write(text);
  });
}
