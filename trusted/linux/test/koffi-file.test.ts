// SPDX-License-Identifier: Apache-2.0
/** Which addon a machine gets, whatever machine this is: by its platform, its libc and what npm installed. */
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { koffiFile } from '../src/koffi-file.ts';

vi.mock('node:fs', async (original) => ({ ...(await original<object>()), existsSync: vi.fn() }));

const { platform, arch, report } = process;
const named = (header: { glibcVersionRuntime?: string }): void => {
  vi.spyOn(report, 'getReport').mockReturnValue({ header });
};

beforeEach(() => {
  Object.defineProperty(process, 'platform', { value: 'linux' });
  Object.defineProperty(process, 'arch', { value: 'arm64' });
  vi.mocked(existsSync).mockReset().mockReturnValue(true);
  named({ glibcVersionRuntime: '2.36' });
});
afterEach(() => {
  Object.defineProperty(process, 'platform', { value: platform });
  Object.defineProperty(process, 'arch', { value: arch });
  vi.restoreAllMocks();
});

describe('the addon of koffi', () => {
  test.each([
    ['GNU’s libc', { glibcVersionRuntime: '2.36' }, 'linux_arm64'],
    ['another', {}, 'musl_arm64'],
  ])('for %s is the one of that name, for this architecture, beside koffi', (_, header, folder) => {
    named(header);
    const end = `/node_modules/@koromix/koffi-linux-arm64/${folder}/koffi.node`;
    const file = koffiFile();
    expect(file?.endsWith(end)).toBe(true);
    expect(existsSync).toHaveBeenCalledExactlyOnceWith(file);
  });

  test('is none where npm left it out', () => {
    vi.mocked(existsSync).mockReturnValue(false);
    expect(koffiFile()).toBeNull();
  });

  test('is none on another system, whatever is installed', () => {
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    expect(koffiFile()).toBeNull();
    expect(existsSync).not.toHaveBeenCalled();
  });
});
