// SPDX-License-Identifier: Apache-2.0
/**
 * Who a program is and who it becomes, for every beginning; process.test.ts has it done for good, in processes of their own, and
 * by root alone.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dropPrivileges } from '../src/process.ts';

interface Credentials {
  uid: number;
  euid: number;
  gid: number;
  egid: number;
  groups: number[];
}

const ROOT: Credentials = { uid: 0, euid: 0, gid: 0, egid: 0, groups: [0, 4] };
const NOBODY: Credentials = { uid: 65532, euid: 65532, gid: 65532, egid: 65532, groups: [65532] };
const NAMES = [
  'getuid',
  'geteuid',
  'getgid',
  'getegid',
  'getgroups',
  'setgroups',
  'setgid',
  'setuid',
] as const;

const own = Object.fromEntries(NAMES.map((name) => [name, process[name]]));
let now: Credentials;
let done: string[];

/** credentials(7) as far as it goes here: only root may change its groups, and its own id for any other. */
function become(start: Credentials): void {
  now = { ...start };
  const privileged = (): void => {
    if (now.euid !== 0) throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
  };
  Object.assign(process, {
    getuid: () => now.uid,
    geteuid: () => now.euid,
    getgid: () => now.gid,
    getegid: () => now.egid,
    // Node adds the group one is in.
    getgroups: () => [...new Set([...now.groups, now.egid])],
    setgroups: (groups: number[]) => {
      privileged();
      done.push(`groups ${groups.join()}`);
      now.groups = groups;
    },
    setgid: (id: number) => {
      privileged();
      done.push(`gid ${id}`);
      Object.assign(now, { gid: id, egid: id });
    },
    setuid: (id: number) => {
      privileged();
      done.push(`uid ${id}`);
      Object.assign(now, { uid: id, euid: id });
    },
  });
}

const refused = (code: string) => expect.objectContaining({ code, syscall: 'setuid' });

describe('an unprivileged user', () => {
  beforeEach(() => {
    done = [];
  });
  afterEach(() => {
    Object.assign(process, own);
  });

  test.each([
    ['root', ROOT],
    ['a program that root lent its rights to', { ...ROOT, uid: 1000 }],
  ])('is what %s becomes: groups first, then the group, then the user', (_, start) => {
    become(start);
    dropPrivileges(65532);
    expect(done).toEqual(['groups ', 'gid 65532', 'uid 65532']);
    expect(now).toEqual({ ...NOBODY, groups: [] });
  });

  test('is who is one already, and stays it', () => {
    become(NOBODY);
    dropPrivileges(1);
    expect(done).toEqual([]);
    expect(now).toEqual(NOBODY);
  });

  test('is not one who is root for a while and may not change it, nor one in groups that it cannot leave', () => {
    become({ ...NOBODY, uid: 0 });
    expect(() => dropPrivileges(65532)).toThrow(refused('not_permitted'));
    become({ ...NOBODY, groups: [65532, 4] });
    expect(() => dropPrivileges(65532)).toThrow(refused('not_permitted'));
    expect(done).toEqual([]);
  });

  test.each(['uid', 'euid', 'gid', 'egid'] as const)(
    'is not one whose %s is still root’s after the change was said to be done',
    (left) => {
      become(ROOT);
      const { setuid } = process;
      Object.assign(process, {
        setuid: (id: number) => {
          setuid?.(id);
          now[left] = 0;
        },
      });
      expect(() => dropPrivileges(65532)).toThrow(refused('not_permitted'));
    },
  );

  test('is not one whose groups were said to be left, and were not', () => {
    become(ROOT);
    Object.assign(process, { setgroups: () => undefined });
    expect(() => dropPrivileges(65532)).toThrow(refused('not_permitted'));
  });

  test.each(NAMES)('is nobody where there is no %s', (name) => {
    become(NOBODY);
    Object.assign(process, { [name]: undefined });
    expect(() => dropPrivileges(65532)).toThrow(refused('not_supported'));
  });
});
