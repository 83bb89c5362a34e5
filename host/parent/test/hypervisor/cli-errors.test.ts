// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { readCliFailure } from '../../src/hypervisor/cli-errors.ts';

test.each([
  ['E02', 'hypervisor_refused'],
  ['E05', 'hypervisor_refused'],
  ['E07', 'hypervisor_file'],
  ['E18', 'hypervisor_file'],
  ['E19', 'hypervisor_file'],
  ['E21', 'insufficient_cpus'],
  ['E22', 'insufficient_cpus'],
  ['E25', 'insufficient_memory'],
  ['E26', 'memory_too_small'],
  ['E27', 'insufficient_memory'],
  ['E28', 'hypervisor_driver'],
  ['E29', 'hypervisor_driver'],
  ['E31', 'insufficient_memory'],
  ['E33', 'hypervisor_driver'],
  ['E35', 'image_refused'],
  ['E36', 'boot_failed'],
  ['E39', 'hypervisor_refused'],
  ['E59', 'image_refused'],
  ['E99', 'hypervisor_refused'],
])('%s is %s, whatever comes after it', (cliCode, code) => {
  const stderr = `Start allocating memory...\n[ ${cliCode} ] Words.\nFailed connections: 1\n[ E39 ] More words.\n`;
  expect(readCliFailure(stderr)).toMatchObject({ code, cliCode, hint: expect.stringMatching(/\w{3}/) });
});

test.each(['', 'error: unexpected argument', '[E22]', 'thread main panicked'])('%j has no code', (stderr) => {
  expect(readCliFailure(stderr)).toMatchObject({ code: 'hypervisor_refused', cliCode: null, errorLog: null });
});

test('takes from the text the path of the log, the file and the memory needed, and nothing else', () => {
  const { hint, ...rest } = readCliFailure(
    `[ E26 ] User provided \`memory\` is 512 MB, but based on the EIF file size, the minimum memory should be 2148 MB
If you open a support ticket, please provide the error log found at "/var/log/nitro_enclaves/err2026.log"
[ E19 ] File operation failure.\nFile: '/dev/nitro_enclaves', failing operation: 'Open'.`,
  );
  expect(hint).toContain('four times');
  expect(rest).toEqual({
    code: 'memory_too_small',
    cliCode: 'E26',
    errorLog: '/var/log/nitro_enclaves/err2026.log',
    file: '/dev/nitro_enclaves',
    neededMib: 2148,
  });
});
