// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, test, vi } from 'vitest';
import { NATIVE } from './support/machine.ts';

const { platform, report } = process;
afterEach(() => {
  Object.defineProperty(process, 'platform', { value: platform });
  vi.restoreAllMocks();
  vi.resetModules();
});

/** As another program would load it. */
async function koffi(): Promise<unknown> {
  vi.resetModules();
  return (await import('../src/koffi.ts')).koffi();
}

test('where there is no addon for the machine: `not_supported`', async () => {
  Object.defineProperty(process, 'platform', { value: 'darwin' });
  await expect(koffi()).rejects.toMatchObject({ code: 'not_supported', syscall: 'koffi' });
});

test.runIf(NATIVE)('where the addon is of another libc, which does not load: `not_supported`', async () => {
  const gnu = (report.getReport() as { header: { glibcVersionRuntime?: string } }).header;
  const other = gnu.glibcVersionRuntime === undefined ? '2.36' : undefined;
  vi.spyOn(report, 'getReport').mockReturnValue({ header: { glibcVersionRuntime: other } });
  await expect(koffi()).rejects.toMatchObject({ code: 'not_supported', syscall: 'koffi' });
});

test.runIf(NATIVE)('is loaded once', async () => {
  vi.resetModules();
  const own = await import('../src/koffi.ts');
  const load = vi.spyOn(process, 'dlopen');
  expect(own.koffi()).toBe(own.koffi());
  expect(load).toHaveBeenCalledTimes(1);
});
