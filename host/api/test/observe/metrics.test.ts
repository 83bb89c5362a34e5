// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { Metrics } from '../../src/observe/metrics.ts';

test('writes the Prometheus text format', () => {
  const metrics = new Metrics();
  metrics.started();
  metrics.started();
  metrics.finished({ method: 'GET', route: '/v1/vaults/:id', status: '200' }, 0.02);
  metrics.count('problems_total', { code: 'not_found' });
  metrics.count('problems_total', { code: 'not_found' });
  const text = metrics.text({ store: true, enclave: false });
  const lines = text.trimEnd().split('\n');
  for (const line of lines) {
    expect(line).toMatch(
      /^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? [0-9.e+]+)$/,
    );
  }
  expect(text).toContain(
    'enclave_vault_http_requests_total{method="GET",route="/v1/vaults/:id",status="200"} 1\n',
  );
  expect(text).toContain('enclave_vault_problems_total{code="not_found"} 2\n');
  expect(text).toContain('enclave_vault_http_requests_in_flight 1\n');
  expect(text).toContain('enclave_vault_up{part="enclave"} 0\n');
  const buckets = lines.filter((line) => line.includes('_bucket')).map((line) => Number(line.split(' ')[1]));
  expect(buckets).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
});

test('each name has one HELP and one TYPE', () => {
  const heads = new Metrics()
    .text({})
    .split('\n')
    .filter((line) => line.startsWith('#'));
  expect(new Set(heads.map((line) => line.split(' ').slice(0, 3).join(' '))).size).toBe(heads.length);
});
