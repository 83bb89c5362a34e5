// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { seedEntropy } from '../src/process.ts';
import { NATIVE, openDescriptors } from './support/machine.ts';

const root = process.getuid?.() === 0;
const MODULE = fileURLToPath(new URL('../src/process.ts', import.meta.url));

/** In a process of its own: these are for good. */
function run(code: string): Record<string, unknown> {
  const program = `import { readFileSync, statSync } from 'node:fs';
    import * as own from ${JSON.stringify(MODULE)};
    const line = (file, name) => readFileSync(file, 'utf8').split('\\n').find((one) => one.startsWith(name)).replace(/\\s+/g, ' ');
    const attempt = (action) => { try { action(); return 'done'; } catch (error) { return error.code; } };
    ${code}`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }),
  );
}

describe.runIf(NATIVE)('no dumps', () => {
  test('the limit is zero, hard and soft, and the process is not dumpable', () => {
    const seen = run(`own.forbidDumps();
      console.log(JSON.stringify({ core: line('/proc/self/limits', 'Max core file size'), again: attempt(own.forbidDumps) }));`);
    expect(seen).toEqual({ core: 'Max core file size 0 0 bytes ', again: 'done' });
  });

  test.runIf(root)('nobody of the same user reads its memory from then on', () => {
    // Before as well: the first call loads the addon, and the other user may not be let into the folder of the sources.
    const seen = run(`own.forbidDumps();
      own.dropPrivileges(65532);
      own.forbidDumps();
      console.log(JSON.stringify({ owner: statSync('/proc/self/maps').uid, maps: attempt(() => readFileSync('/proc/self/environ')) }));`);
    expect(seen).toEqual({ owner: 0, maps: 'EACCES' });
  });
});

describe.runIf(NATIVE && root)('privileges', () => {
  test('are given up on all threads and do not come back', () => {
    const seen = run(`own.dropPrivileges(65532);
      const threads = (await import('node:fs')).readdirSync('/proc/self/task')
        .map((id) => ['Uid:', 'Gid:', 'Groups:', 'CapEff:'].map((name) => line('/proc/self/task/' + id + '/status', name)).join(';'));
      console.log(JSON.stringify({ threads: [...new Set(threads)], back: attempt(() => process.setuid(0)), again: attempt(() => own.dropPrivileges(1)) }));`);
    expect(seen).toEqual({
      threads: [
        'Uid: 65532 65532 65532 65532;Gid: 65532 65532 65532 65532;Groups: ;CapEff: 0000000000000000',
      ],
      back: 'EPERM',
      again: 'done',
    });
  });

  test('user 0 is not an unprivileged one', () => {
    expect(run('console.log(JSON.stringify({ code: attempt(() => own.dropPrivileges(0)) }));')).toEqual({
      code: 'not_permitted',
    });
  });
});

describe.runIf(NATIVE)('entropy', () => {
  test('is given to the random device alone, and is zeroed either way', () => {
    const before = openDescriptors();
    const bytes = randomBytes(256);
    expect(() => seedEntropy(bytes, '/dev/null')).toThrow(
      expect.objectContaining({ code: 'not_this_device', errno: 'ENOTTY' }),
    );
    expect(bytes.equals(Buffer.alloc(256))).toBe(true);
    expect(openDescriptors()).toBe(before);
  });

  test.runIf(root)('is taken by the kernel', () => {
    seedEntropy(randomBytes(256));
  });
});
