// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type Exception, exceptionProblems, judge, parseExceptions } from '../exceptions.ts';
import { type Advisory, readAudit } from '../report.ts';

const via = {
  source: 1_096_000,
  name: 'left',
  title: 'Reads out of bounds',
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
  severity: 'high',
  range: '<1.2.3',
};
const report = (vulnerabilities: unknown) => JSON.stringify({ auditReportVersion: 2, vulnerabilities });
const advisory: Advisory = {
  id: 'GHSA-aaaa-bbbb-cccc',
  package: 'left',
  severity: 'high',
  title: 'Reads out of bounds',
  range: '<1.2.3',
};

describe('what npm audit prints', () => {
  it('is read as advisories, each once, whoever depends on the package', () =>
    expect(
      readAudit(report({ left: { via: [via] }, right: { via: ['left'] }, again: { via: [via] } })),
    ).toEqual({ kind: 'report', advisories: [advisory] }));

  it('is read as none', () => expect(readAudit(report({}))).toEqual({ kind: 'report', advisories: [] }));

  it.each([
    [
      'of a mirror without advisories',
      { message: '405 Method Not Allowed', statusCode: 405, error: { summary: '' } },
    ],
    ['without a network', { message: 'request failed', error: { code: 'ENOTFOUND', summary: 'x' } }],
    ['of npm that cannot audit', { error: { code: 'ENOAUDIT', summary: 'no endpoint' } }],
  ])('%s is the lack of an answer', (_, value) =>
    expect(readAudit(JSON.stringify(value))).toMatchObject({ kind: 'unavailable' }),
  );

  it.each([
    ['nothing', '', 'no JSON'],
    ['text', 'npm error', 'no JSON'],
    ['a list', '[]', 'no report'],
    ['an older report', '{"advisories":{}}', 'another version'],
    ['a lockfile that cannot be read', '{"error":{"code":"EAUDITNOLOCK","summary":"no lock"}}', 'no lock'],
    ['credentials that are wrong', '{"statusCode":401,"message":"401","error":{}}', 'failed: 401'],
    ['a vulnerability of nothing', report({ left: {} }), 'nothing that can be read of left'],
    [
      'a vulnerability by a package that is not there',
      report({ left: { via: ['gone'] } }),
      'no advisory for left',
    ],
    ['an advisory without an id', report({ left: { via: [{ name: 'left' }] } }), 'no advisory for left'],
  ])('%s is never "no vulnerabilities"', (_, text, why) => expect(() => readAudit(text)).toThrow(why));
});

describe('an exception', () => {
  const now = Date.parse('2026-06-15T12:00:00Z');
  const exception: Exception = {
    advisory: 'GHSA-aaaa-bbbb-cccc',
    package: 'left',
    reason: 'The function that has it is not called by anything of ours.',
    until: '2026-06-15',
  };

  it('covers its advisory to the end of its day', () => {
    expect(judge([advisory], [exception], now)).toEqual([]);
    expect(exceptionProblems([exception], now)).toEqual([]);
  });
  it('that has ended covers nothing, and is a problem itself', () => {
    const later = Date.parse('2026-06-16T00:00:00Z');
    expect(judge([advisory], [exception], later)).toEqual([
      'GHSA-aaaa-bbbb-cccc in left <1.2.3 (high): Reads out of bounds',
    ]);
    expect(exceptionProblems([exception], later)).toEqual([
      'GHSA-aaaa-bbbb-cccc in left: the exception ended with 2026-06-15',
    ]);
  });
  it('of no advisory is a problem: it would cover one that comes', () =>
    expect(judge([], [exception], now)).toEqual(['GHSA-aaaa-bbbb-cccc in left: an exception from nothing']));
  it('of the same advisory in another package covers nothing', () =>
    expect(judge([advisory], [{ ...exception, package: 'right' }], now)).toHaveLength(2));
  it.each([
    ['without a reason', { reason: ' ' }, 'has no reason'],
    ['without an end', { until: 'later' }, 'is no date'],
    ['on a day that there is not', { until: '2026-13-45' }, 'is no date'],
    ['for longer than 120 days', { until: '2027-06-15' }, 'for more than 120 days'],
  ])('%s is refused', (_, change, why) =>
    expect(exceptionProblems([{ ...exception, ...change }], now)).toEqual([expect.stringContaining(why)]),
  );
  it.each(['{}', '[1]', '[{"advisory":"x"}]', '[{"advisory":"x","package":"y","reason":"z","until":1}]'])(
    'in another form is refused: %s',
    (text) => expect(() => parseExceptions(text)).toThrow('each exception has'),
  );
});
