// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { KmsError, NsmError, Refused, RequestFailed } from '../src/errors.ts';

test.each([
  [new Refused('busy'), 'Refused: busy'],
  [new RequestFailed('timed_out'), 'RequestFailed: timed_out'],
  [new KmsError('denied', 'AccessDeniedException'), 'KmsError: denied: AccessDeniedException'],
  [new NsmError('nsm_lost'), 'NsmError: nsm_lost'],
])('an error says its name and its codes: %s', (error, text) => {
  expect(String(error)).toBe(text);
});
