// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { placeOf } from '../../src/storage/place.ts';

it('takes a folder from the option before the one of the environment, below where the command was called', () => {
  const environment = { INIT_CWD: '/called/here', ENCLAVE_VAULT_DATA: 'from-environment' };
  expect(placeOf({ data: 'given' }, environment)).toEqual({ kind: 'local', data: '/called/here/given' });
  expect(placeOf({}, environment)).toEqual({ kind: 'local', data: '/called/here/from-environment' });
  expect(placeOf({}, { INIT_CWD: '/called/here' })).toEqual({ kind: 'local', data: '/called/here/.vault' });
});

it('takes the files of a deployment in place of a folder, and not both', () => {
  const environment = { INIT_CWD: '/called/here', ENCLAVE_VAULT_DATA: '/elsewhere' };
  expect(placeOf({ config: ['api.json', '/parent.json'] }, environment)).toEqual({
    kind: 'config',
    paths: ['/called/here/api.json', '/parent.json'],
  });
  expect(() => placeOf({ data: '.vault', config: ['api.json'] }, environment)).toThrow(UsageError);
});
