// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { bundle } from '../../build/bundle.ts';
import { BuildError } from '../../build/errors.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ev-check-')));
afterAll(() => rmSync(folder, { recursive: true }));

async function reasonsFor(source: string): Promise<readonly string[]> {
  writeFileSync(join(folder, 'entry.ts'), source);
  try {
    await bundle(folder, 'entry.ts');
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(BuildError);
    expect(error).toMatchObject({ code: 'forbidden' });
    return (error as BuildError).reasons;
  }
}

describe('a bundle is refused for', () => {
  test.each([
    ['node:sqlite', "import { DatabaseSync } from 'node:sqlite'; new DatabaseSync('x');"],
    ['child_process without its prefix', "import { exec } from 'child_process'; exec('x');"],
    ['node:fs', "import { readFileSync } from 'node:fs'; readFileSync('x');"],
    ['node:vm', "import vm from 'node:vm'; vm.runInThisContext('x');"],
    ['node:dgram', "import { createSocket } from 'node:dgram'; createSocket('udp4');"],
    ['node:inspector', "import { open } from 'node:inspector'; open();"],
    ['node:module', "import { createRequire } from 'node:module'; createRequire('/')('fs');"],
    ['node:process, where the rest is', "import process from 'node:process'; process.kill(1);"],
    ['node:test', "import test from 'node:test'; test('x');"],
    ['a re-export of a built-in', "export * from 'node:fs';"],
    ['a dynamic import', "await import('node:crypto');"],
    ['a dynamic import by name', 'await import(globalThis.name);'],
    ['require', "declare function require(name: string): unknown; require('node:crypto');"],
    [
      'require by another name',
      "declare const require: (name: string) => unknown; const r = require; r('fs');",
    ],
    ['import.meta.resolve', "import.meta.resolve('x');"],
    ['getBuiltinModule', "process.getBuiltinModule('node:fs');"],
    ['getBuiltinModule in brackets', "process['getBuiltinModule']('node:fs');"],
    ['process.binding', "(process as never as { binding(n: string): void }).binding('fs');"],
    ['process.dlopen', "process.dlopen({ exports: {} }, 'x');"],
    ['eval', "eval('1');"],
    ['indirect eval', "(0, eval)('1');"],
    ['eval of the global object', "globalThis.eval('1');"],
    ['new Function', "new Function('return 1')();"],
    ['Function as a function', "Function('return 1')();"],
    ['WebAssembly', 'new WebAssembly.Module(new Uint8Array());'],
    ['fetch', "await fetch('http://localhost');"],
    ['arguments', 'console.log(process.argv);'],
  ])('%s', async (_, source) => {
    expect(await reasonsFor(source)).not.toEqual([]);
  });

  test('a library that does it, wherever it is', async () => {
    writeFileSync(
      join(folder, 'library.js'),
      "import { Socket } from 'node:dgram'; export const s = () => Socket;",
    );
    const reasons = await reasonsFor("import { s } from './library.js'; s();");
    expect(reasons).toEqual(['import-statement of node:dgram']);
  });
});

describe('a program with an addon', () => {
  const loader = "process.dlopen({ exports: {} }, 'x');";
  const reasons = async (source: string): Promise<unknown> => {
    writeFileSync(join(folder, 'entry.ts'), source);
    return bundle(folder, 'entry.ts', true).then(
      () => [],
      (error: unknown) => (error as BuildError).reasons,
    );
  };

  test('loads it in trusted/linux', async () => {
    mkdirSync(join(folder, 'trusted/linux/src'), { recursive: true });
    writeFileSync(join(folder, 'trusted/linux/src/koffi.ts'), `export const load = () => { ${loader} };`);
    expect(await reasons("import { load } from './trusted/linux/src/koffi.ts'; load();")).toEqual([]);
  });

  test('and in no other place', async () => {
    expect(await reasons(loader)).toHaveLength(1);
    expect(
      await reasons(`import { load } from './trusted/linux/src/koffi.ts'; load(); ${loader}`),
    ).toHaveLength(2);
  });
});

test('a method that is called eval, and words in texts, are not what is meant', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { code } = await bundle(realpathSync(root), 'test/fixtures/clean.ts');
  expect(Buffer.from(code).toString()).toContain('node:crypto');
});

test('the environment reads as empty', async () => {
  writeFileSync(join(folder, 'entry.ts'), 'console.log(process.env.HOME);');
  const { code } = await bundle(folder, 'entry.ts');
  expect(Buffer.from(code).toString()).not.toContain('process.env.');
});
