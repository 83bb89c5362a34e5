// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { faultOf, linesOf, NDJSON, readAnswer } from './support/answer.ts';
import { type ApiDocument, uncounted } from './support/routes.ts';

describe('routes that nothing was counted of', () => {
  const both = { content: { 'application/json': {}, [NDJSON]: {} } };
  const document: ApiDocument = {
    paths: {
      '/health': { get: { tags: ['system'] } },
      '/v1/vaults:batch': { post: { requestBody: both } },
      '/v1/vaults/{id}': { get: {}, delete: { requestBody: { content: { 'application/json': {} } } } },
      '/v1/vaults/{id}/audit': { get: {} },
    },
  };
  const asked = [
    { method: 'POST', url: '/v1/vaults:batch', type: 'application/json' },
    { method: 'POST', url: '/v1/vaults:batch', type: NDJSON },
    { method: 'GET', url: '/v1/vaults/v_1' },
    { method: 'DELETE', url: '/v1/vaults/v_1?fields=city' },
    { method: 'GET', url: '/v1/vaults/v_1/audit?limit=1' },
  ];

  it('are none where each was asked for, by its path alone', () => {
    expect(uncounted(document, asked)).toEqual([]);
  });

  it('are named by method and path, and by the type of a body where there are two', () => {
    const without = (n: number): string[] =>
      uncounted(
        document,
        asked.filter((_, index) => index !== n),
      );
    expect(asked.map((_, n) => without(n))).toEqual([
      ['POST /v1/vaults:batch, application/json'],
      [`POST /v1/vaults:batch, ${NDJSON}`],
      ['GET /v1/vaults/{id}'],
      ['DELETE /v1/vaults/{id}'],
      ['GET /v1/vaults/{id}/audit'],
    ]);
  });
});

describe('an answer', () => {
  const stream = (last: object) => readAnswer(200, NDJSON, linesOf([{ index: 0, id: 'v_1' }, last]));

  it('is to be counted by where all of it went well', () => {
    for (const json of [{}, { data: {} }, { entries: [] }, { results: [{ index: 0, data: {} }] }])
      expect(faultOf({ status: 200, json })).toBeUndefined();
    expect(faultOf(stream({ done: { results: 1, errors: 0 } }))).toBeUndefined();
  });

  it('is not, where an item, a field or the end is missing', () => {
    const faults = [
      { status: 404, json: { code: 'not_found' } },
      { status: 200, json: { results: [{ index: 0, error: {} }, { index: 1 }] } },
      { status: 200, json: { data: {}, errors: [{}] } },
      stream({ done: { results: 2, errors: 2 } }),
      stream({ stopped: { code: 'stopping', results: 1, errors: 0 } }),
    ].map(faultOf);
    expect(faults).toEqual([
      '404 not_found',
      '200, of which 1 failed',
      '200, and not with all of it',
      '200, of which 2 failed',
      '200, and not with all of it',
    ]);
  });
});
