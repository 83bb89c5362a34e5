// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { threatModel } from '../src/commands/threat-model.ts';
import { UsageError } from '../src/errors.ts';
import { parseThreatModelOptions } from '../src/threat-model/options.ts';

const ROOT = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'threat-model-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The command in this process, and what it wrote. */
async function run(args: readonly string[], root = ROOT) {
  const written = { out: '', err: '' };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.out += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.err += String(text);
    return true;
  });
  try {
    return { code: await threatModel(args, root), ...written };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

describe('threat-model check', () => {
  let part = '';
  beforeAll(() => {
    part = join(folder, 'part.json');
    writeFileSync(part, JSON.stringify({ startTime: 0, testResults: [] }));
  });

  it('ends with 0 where every check exists', async () => {
    const { code, out, err } = await run(['check', '--without-results']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^threat model: \d+ threats; .*only asked whether the checks exist; 0 problems\n$/);
    expect(out).toContain('of them name checks;');
    expect(out).not.toContain('proved');
  });

  it('ends with 1, and says that alone, where results were named and none could be read', async () => {
    const empty = mkdtempSync(join(folder, 'empty-'));
    const nothing = await run(['check', '--results', empty]);
    expect([nothing.code, nothing.err.match(/^\w+/gm)]).toEqual([1, ['results_unreadable']]);
    const gone = await run(['check', '--results', join(empty, 'gone.json')]);
    expect([gone.code, gone.err.match(/^\w+/gm)]).toEqual([1, ['results_unreadable']]);
    expect(gone.out).toContain('only asked whether the checks exist; 1 problems');
  });

  it('ends with 1 before the report of a run that was not of all tests, and names what it missed', async () => {
    const { code, out, err } = await run(['check', '--results', part]);
    expect(code).toBe(1);
    expect(err).toMatch(/^check_not_run: M-\d{4}: test:.* was not in the last run$/m);
    expect(err).toMatch(/^high_without_proof: T-\d{4}: /m);
    expect(out).toMatch(/^not proved in this run: M-\d{4}: suite:.*: the suite was not run$/m);
    expect(out).toContain('tests of 1970-01-01T00:00:00.000Z');
  });

  it('reads the logs of a folder, and says of a file what is wrong with it', async () => {
    writeFileSync(join(folder, 'kill.log'), 'FAILED the store file is sound\n');
    writeFileSync(join(folder, 'broken.json'), '{');
    const { code, err, out } = await run([
      'check',
      '--results',
      folder,
      '--results',
      join(folder, 'gone.json'),
    ]);
    expect(err).toMatch(/^results_unreadable: .*gone\.json: ENOENT/m);
    expect(code).toBe(1);
    expect(err).toMatch(/^results_unreadable: .*broken\.json: /m);
    expect(err).toMatch(/^check_failed: M-\d{4}: suite:kill › the store file is sound: /m);
    expect(out).toContain('1 heavy suites');
  });

  it('takes suites for problems where all are asked for, and is JSON on one line where that is', async () => {
    const { code, out } = await run(['check', '--all', '--json', '--results', part]);
    const { problems, counts } = JSON.parse(out) as { problems: { at: string }[]; counts: object };
    expect([code, out.split('\n').length]).toEqual([1, 2]);
    expect(problems.some(({ at }) => at.includes('suite:'))).toBe(true);
    expect(counts).toMatchObject({ threats: expect.any(Number) });
  });

  it('does not pass with --all where no run has left anything', async () => {
    const copy = mkdtempSync(join(folder, 'copy-'));
    cpSync(join(ROOT, 'docs/threat-model'), join(copy, 'docs/threat-model'), { recursive: true });
    const { code, err } = await run(['check', '--all'], copy);
    expect(code).toBe(1);
    expect(err).toContain('results_unreadable: .cache/vitest.json, .cache/suites: are not there');
  });

  it('says so where there is no threat model', async () => {
    const { code, err } = await run(['check'], folder);
    expect([code, err]).toEqual([
      1,
      'workspace_unreadable: docs/threat-model/enclave-vault.tc.json: is not there\n',
    ]);
  });

  it.each([
    [[]],
    [['look']],
    [['check', 'twice']],
    [['fmt', '--all']],
    [['check', '--more']],
    [['check', '--without-results', '--all']],
  ])('the words %j are a mistake of use', (words) =>
    expect(() => parseThreatModelOptions(words, '.')).toThrow(UsageError),
  );
});

it('threat-model fmt writes nothing where all is as it should be', async () => {
  expect(await run(['fmt'])).toMatchObject({
    code: 0,
    out: 'docs/threat-model/enclave-vault.tc.json: is as it should be\n',
  });
});
