// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { UsageError } from '../src/errors.ts';
import { parseDeploy, parseDestroy } from '../src/options.ts';

const deploy = (words: string) => parseDeploy(words === '' ? [] : words.split(' '), '/home/ada');
const destroy = (words: string) => parseDestroy(words === '' ? [] : words.split(' '), '/home/ada');

describe('the words of deploy', () => {
  test('name a configuration, relative to where the command was called', () => {
    expect(deploy('--config vault/deploy.json --out ../files --yes')).toEqual({
      command: 'deploy',
      config: '/home/ada/vault/deploy.json',
      out: '/home/files',
      sign: undefined,
      yes: true,
      older: false,
      dryRun: false,
      only: undefined,
      phase: undefined,
    });
  });

  test('--diff is --dry-run', () => {
    for (const word of ['--diff', '--dry-run']) {
      expect(deploy(`--config d.json ${word}`)).toMatchObject({ dryRun: true });
    }
  });

  test('--init and --print-deployer-policy are commands of their own', () => {
    expect(deploy('--init d.json --name vault --break-glass a --break-glass b')).toEqual({
      command: 'init',
      file: '/home/ada/d.json',
      name: 'vault',
      region: undefined,
      breakGlass: ['a', 'b'],
    });
    expect(deploy('--config d.json --print-deployer-policy')).toEqual({
      command: 'policy',
      config: '/home/ada/d.json',
    });
  });

  test.each(['widen', 'deploy', 'narrow'])('--phase %s is a part of a rollout', (phase) => {
    expect(deploy(`--config d.json --phase ${phase} --yes`)).toMatchObject({
      command: 'deploy',
      phase,
      yes: true,
    });
  });

  test('--print-legacy-policies is a command of its own', () => {
    const parsed = { command: 'legacy', config: '/home/ada/d.json' };
    expect(deploy('--config d.json --print-legacy-policies')).toEqual(parsed);
  });

  test('--print-live is a command of its own', () => {
    expect(deploy('--config d.json --print-live')).toEqual({ command: 'live', config: '/home/ada/d.json' });
  });

  test.each([
    ['--config d.json --phase shrink', '--phase is one of widen, deploy, narrow'],
    ['--config d.json --phase widen --only keys', '--phase does not go with --only'],
    ['--config d.json --phase widen --dry-run', '--phase does not go with --dry-run'],
    ['--config d.json --dry-run --only api', '--only does not go with --dry-run'],
    ['--config d.json --diff --only api', '--only does not go with --dry-run'],
    ['--config d.json --print-live --yes', '--print-live does not go with --yes'],
    ['--config d.json --print-legacy-policies --yes', '--print-legacy-policies does not go with --yes'],
    ['', 'deploy takes --config'],
    ['--config', 'argument missing'],
    ['--config d.json --force', "Unknown option '--force'"],
    ['--config d.json stray', 'Unexpected argument'],
    ['--init d.json --name vault', '--init takes --break-glass'],
    ['--init d.json --break-glass a', '--init takes --name'],
    ['--init d.json --name v --break-glass a --yes', '--init does not go with --yes'],
    ['--config d.json --print-deployer-policy --yes', '--print-deployer-policy does not go with --yes'],
    ['--config d.json --name vault', 'a deployment does not go with --name'],
  ])('%j are off', (words, why) => {
    expect(() => deploy(words)).toThrow(UsageError);
    expect(() => deploy(words)).toThrow(why);
  });
});

describe('the words of destroy', () => {
  test('name a configuration', () => {
    expect(destroy('--config d.json --delete-data --confirm vault --receipt r.json')).toEqual({
      command: 'destroy',
      config: '/home/ada/d.json',
      yes: false,
      receipt: '/home/ada/r.json',
      deleteData: true,
      confirm: 'vault',
    });
  });

  test.each([
    ['', 'destroy takes --config'],
    ['--config d.json --confirm vault', '--confirm goes with --delete-data'],
    ['--config d.json --only api', "Unknown option '--only'"],
  ])('%j are off', (words, why) => {
    expect(() => destroy(words)).toThrow(UsageError);
    expect(() => destroy(words)).toThrow(why);
  });
});
