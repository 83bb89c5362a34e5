// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type LockEntry, lockfileProblems, strayLockfiles } from '../lockfile.ts';

const integrity = `sha512-${'A'.repeat(86)}==`;
const good: LockEntry = { version: '1.0.0', integrity };
const explained = {
  installScripts: { scripted: 'why' },
  bundlers: { bundler: 'why' },
  aliases: { 'node_modules/renamed': 'why' },
};
/** One of each that is accepted. */
const packages: Readonly<Record<string, LockEntry>> = {
  '': { name: 'root', version: '0.1.0', dependencies: { left: '1.0.0' } },
  part: { name: '@us/part', version: '0.1.0', dependencies: { left: '1.0.0' } },
  'node_modules/@us/part': { resolved: 'part', link: true },
  'node_modules/left': good,
  'node_modules/scripted': { ...good, hasInstallScript: true },
  'node_modules/bundler': good,
  'node_modules/renamed': { ...good, name: 'other' },
  'node_modules/bundler/node_modules/brought': { version: '1.0.0', inBundle: true },
};
const manifests = new Map<string, Record<string, unknown>>([
  ['', { name: 'root', version: '0.1.0', dependencies: { left: '1.0.0' } }],
  ['part', { name: '@us/part', version: '0.1.0', dependencies: { left: '1.0.0' } }],
]);
const of = (changes: Readonly<Record<string, LockEntry>>, files = manifests) =>
  lockfileProblems({ lockfileVersion: 3, packages: { ...packages, ...changes } }, files, explained);

describe('a lockfile', () => {
  it('passes with packages of the registry, workspaces, and what is explained', () =>
    expect(of({})).toEqual([]));

  const x = 'node_modules/x';
  it.each<[string, Readonly<Record<string, LockEntry>>, string]>([
    ['no digest', { [x]: { version: '1.0.0' } }, `${x}: has no SHA-512`],
    ['SHA-1', { [x]: { ...good, integrity: 'sha1-Kq5sNclPz7QV2+lfQIuc6R7oRu0=' } }, `${x}: has no SHA-512`],
    ['one of two digests', { [x]: { ...good, integrity: `${integrity} sha1-AA==` } }, `${x}: has no SHA-512`],
    ['a digest cut off', { [x]: { ...good, integrity: integrity.slice(0, -9) } }, `${x}: has no SHA-512`],
    [
      'another registry',
      { [x]: { ...good, resolved: 'https://registry.example/x.tgz' } },
      `${x}: the lockfile records an address`,
    ],
    [
      'credentials in an address',
      { [x]: { ...good, resolved: 'https://user:word@registry.example/x.tgz' } },
      `${x}: the lockfile records an address`,
    ],
    [
      'a repository',
      { [x]: { ...good, resolved: 'git+ssh://git@example/x.git#1' } },
      `${x}: the lockfile records an address`,
    ],
    [
      'a version of a repository',
      { [x]: { ...good, version: 'git+https://e/x' } },
      `${x}: has no exact version: git+https://e/x`,
    ],
    ['a file', { [x]: { resolved: '../x', link: true } }, `${x}: links to ../x, which is no workspace`],
    ['another name', { [x]: { ...good, name: 'y' } }, `${x}: is y under another name`],
    [
      'an install script',
      { [x]: { ...good, hasInstallScript: true } },
      `${x}: has an install script that nobody explained`,
    ],
    [
      'an install script further down',
      { 'node_modules/left/node_modules/x': { ...good, hasInstallScript: true } },
      'node_modules/left/node_modules/x: has an install script that nobody explained',
    ],
    [
      'a package that another brings',
      { 'node_modules/left/node_modules/x': { version: '1.0.0', inBundle: true } },
      'node_modules/left/node_modules/x: is brought by left, and nobody explained that',
    ],
    [
      'an explanation that nothing needs',
      { 'node_modules/scripted': good },
      'scripted: explained, and has no install script',
    ],
    [
      'an alias that is none any more',
      { 'node_modules/renamed': good },
      'node_modules/renamed: explained, and has its own name',
    ],
    [
      'a workspace that is not there',
      { gone: { version: '0.1.0' } },
      'gone/package.json: in the lockfile, and not there',
    ],
  ])('is refused with %s', (_, changes, why) => expect(of(changes)).toEqual([why]));

  it('is refused where package.json says otherwise', () => {
    const changed = new Map(manifests).set('part', {
      name: '@us/part',
      version: '0.1.0',
      dependencies: { left: '^1.0.0' },
    });
    expect(of({}, changed)).toEqual([
      'part/package.json: dependencies is not what the lockfile has',
      'part/package.json: left is ^1.0.0, and no exact version',
    ]);
  });

  it('is refused without a workspace', () =>
    expect(of({}, new Map(manifests).set('new', { name: 'new' }))).toEqual([
      'new/package.json: not in the lockfile',
    ]));

  it('is refused in an older version, which has no digest of everything', () =>
    expect(lockfileProblems({ lockfileVersion: 1, packages }, manifests, explained)).toEqual([
      'the lockfile is of version 1, not 3',
    ]));
});

it('lockfiles that npm would go by and nobody looks at are a problem', () => {
  const files = [
    'package-lock.json',
    'tests/mutation/package-lock.json',
    'src/lock.ts',
    'docs/package-lock.json.md',
  ];
  expect(strayLockfiles(files, ['', 'tests/mutation'])).toEqual([]);
  const stray = [
    'npm-shrinkwrap.json',
    'tools/x/package-lock.json',
    'tests/mutation/npm-shrinkwrap.json',
    'yarn.lock',
  ];
  expect(strayLockfiles([...files, ...stray], ['', 'tests/mutation'])).toEqual(
    stray.map((file) => `${file}: a lockfile that nobody looks at`),
  );
});
