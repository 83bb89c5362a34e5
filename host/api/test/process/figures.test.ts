// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { figuresAt } from '../../src/process/figures.ts';

const folder = mkdtempSync(join(tmpdir(), 'figures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
async function shownBy(answer: RequestListener): Promise<string> {
  const path = join(folder, `${count++}.sock`);
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return figuresAt(path)();
}
const NOTHING = '# TYPE enclave_vault_canary_up gauge\nenclave_vault_canary_up 0\n';

describe('figures of another process', () => {
  it('are shown as they are', async () => {
    expect(await shownBy((_request, response) => response.end('a 1\nb 2\n'))).toBe('a 1\nb 2\n');
  });

  it.each<[string, RequestListener]>([
    ['an error', (_request, response) => response.writeHead(500).end('a 1\n')],
    ['more than there can be', (_request, response) => response.end('a 1\n'.repeat(100_000))],
    ['nothing, for longer than a scrape should wait', () => undefined],
    ['an end in the middle', (_request, response) => response.write('a 1\n', () => response.destroy())],
  ])('of one that answers with %s are the fact alone', async (_what, answer) => {
    const began = performance.now();
    expect(await shownBy(answer)).toBe(NOTHING);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('of one that is not there are the fact alone', async () => {
    expect(await figuresAt(join(folder, 'nowhere.sock'))()).toBe(NOTHING);
  });
});
