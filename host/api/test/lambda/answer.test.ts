// SPDX-License-Identifier: Apache-2.0
import Fastify from 'fastify';
import { afterAll, expect, test } from 'vitest';
import { toRestAnswer } from '../../src/lambda/answer.ts';

const MIB = 1024 * 1024;
const app = Fastify();
app.get<{ Querystring: { type: string; size: string; of: string } }>('/', async (request, reply) => {
  const { type, size, of } = request.query;
  return reply
    .type(type)
    .header('x-two', ['a', 'b'])
    .send(Buffer.alloc(Number(size), Buffer.from(of)));
});
afterAll(() => app.close());

const get = async (type: string, size: number, of = 'x') =>
  toRestAnswer(await app.inject({ url: '/', query: { type, size: String(size), of } }));

test.each(['application/json', 'application/problem+json; charset=utf-8', 'text/plain; version=0.0.4'])(
  '%s is text',
  async (type) => {
    expect(await get(type, 6, 'ü')).toMatchObject({ body: 'üüü', isBase64Encoded: false });
  },
);

test.each(['image/png', 'application/octet-stream', 'application/cbor', 'application/jsonx'])(
  '%s goes in base64',
  async (type) => {
    const { body, isBase64Encoded, multiValueHeaders } = await get(type, 3, '\u00ff');
    expect([Buffer.from(body, 'base64').length, isBase64Encoded]).toEqual([3, true]);
    expect(multiValueHeaders).toMatchObject({ 'content-type': [type], 'x-two': ['a', 'b'] });
    expect(multiValueHeaders).not.toHaveProperty('content-length');
  },
);

test.each<[string, number, string, boolean]>([
  ['application/json', 5 * MIB, 'x', true],
  ['application/json', 6 * MIB, 'x', false],
  // Twice as long as a part of JSON.
  ['application/json', 2 * MIB, '"', true],
  ['application/json', 4 * MIB, '"', false],
  // A third longer in base64.
  ['image/png', 4 * MIB, 'x', true],
  ['image/png', 5 * MIB, 'x', false],
])('%s of %i bytes of %j fits Lambda’s 6 MB: %s', async (type, size, of, fits) => {
  if (fits) expect((await get(type, size, of)).statusCode).toBe(200);
  else await expect(get(type, size, of)).rejects.toMatchObject({ code: 'answer_too_large', status: 422 });
});
