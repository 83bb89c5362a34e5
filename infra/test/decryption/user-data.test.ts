// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, test } from 'vitest';
import { MAX_USER_DATA_BYTES, userData } from '../../src/stages/decryption/user-data.ts';
import { type Ending, INSTANCE, type Part, Sandbox } from './sandbox.ts';

const sandboxes: Sandbox[] = [];
afterEach(() => {
  for (const sandbox of sandboxes.splice(0)) sandbox.remove();
});
function instance(...given: ConstructorParameters<typeof Sandbox>): Sandbox {
  const sandbox = new Sandbox(...given);
  sandboxes.push(sandbox);
  return sandbox;
}
const indexOf = ({ calls }: Ending, part: string): number => calls.findIndex((call) => call.includes(part));

/** Its last word on the matter. */
const refusalOf = ({ said }: Ending) => said.find(({ event }) => event === 'instance_refused');

/** What an instance that refuses does, and does not do. */
function expectRefusal(ending: Ending, step: string): void {
  expect(ending.status).not.toBe(0);
  expect(refusalOf(ending)).toMatchObject({
    level: 'error',
    process: 'enclave-vault-boot',
    event: 'instance_refused',
    step,
  });
  expect(ending.calls.at(-1)).toBe('systemctl poweroff');
  expect(indexOf(ending, '--status SUCCESS')).toBe(-1);
}

describe('an instance whose files are what the release says', () => {
  test('fetches them by version, starts the parent, waits for it, and tells the stack', () => {
    const sandbox = instance();
    const ending = sandbox.run();
    expect({ status: ending.status, stderr: ending.stderr }).toMatchObject({ status: 0 });
    const order = [
      'latest/api/token',
      'dnf --assumeyes',
      '--version-id version-of-parent',
      '--version-id version-of-image',
      '--version-id version-of-settings',
      'systemd-sysusers',
      'sysctl --quiet --load=',
      'systemctl mask --now sshd.service',
      'systemctl enable --now nitro-enclaves-allocator.service',
      'systemctl daemon-reload',
      'systemctl enable --now enclave-vault-log.service',
      'amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c file:',
      'systemctl enable --now enclave-vault-parent.service',
      '/health',
      'sleep 120',
      'cloudformation signal-resource',
    ].map((part) => indexOf(ending, part));
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(ending.calls.at(-1)).toBe(
      `aws --cli-connect-timeout 5 --cli-read-timeout 20 cloudformation signal-resource --stack-name vault-decryption --logical-resource-id Group --unique-id ${INSTANCE} --status SUCCESS`,
    );
    expect(indexOf(ending, 'poweroff')).toBe(-1);
  });

  test('has each file in its place, and nothing of it that others may write', () => {
    const sandbox = instance();
    sandbox.run();
    expect(sandbox.read('opt/enclave-vault/enclave-vault.eif').equals(sandbox.parts.image)).toBe(true);
    expect(sandbox.names('etc/enclave-vault')).toEqual([
      'allocator.yaml',
      'amazon-cloudwatch-agent.json',
      'channel-client-root.pem',
      'channel-server-root.pem',
      'enclave.configuration',
      'parent.json',
    ]);
    expect(sandbox.read('etc/nitro_enclaves/allocator.yaml').toString()).toContain('cpu_count: 2');
    expect(sandbox.has('etc/systemd/system/enclave-vault-parent.service')).toBe(true);
    expect(sandbox.has('etc/systemd/system/enclave-vault-log.service')).toBe(true);
    expect(sandbox.has('usr/lib/sysusers.d/enclave-vault.conf')).toBe(true);
    expect(sandbox.has('etc/sysctl.d/60-enclave-vault.conf')).toBe(true);
    expect(sandbox.mode('opt/enclave-vault/bin/node')).toBe(0o755);
    expect(sandbox.mode('opt/enclave-vault/parent.mjs')).toBe(0o644);
    expect(sandbox.mode('opt/enclave-vault/enclave-vault.eif')).toBe(0o644);
    expect(sandbox.has('var/lib/enclave-vault-boot')).toBe(false);
  });

  test('says when it serves, on the console and in the log group, with the seconds that it took', () => {
    const ending = instance().run();
    expect(ending.said).toEqual([
      expect.objectContaining({
        level: 'info',
        event: 'instance_serving',
        instance: INSTANCE,
        seconds: expect.any(Number),
      }),
    ]);
    const put = ending.calls.find((call) => call.includes('put-log-events')) ?? '';
    const [event] = JSON.parse(put.slice(put.indexOf('['))) as [{ timestamp: number; message: string }];
    expect(JSON.parse(event.message)).toEqual(ending.said[0]);
    expect(Math.abs(Date.now() - event.timestamp)).toBeLessThan(60_000);
    expect(put).toContain(`--log-stream-name ${INSTANCE}/boot`);
  });

  test('asks three times for packages and for files, and then serves', () => {
    const ending = instance().run({ dnfFails: 2 });
    expect(ending.status).toBe(0);
    expect(ending.calls.filter((call) => call.startsWith('dnf'))).toHaveLength(3);
  });

  test('serves although nobody waits for its word: the daily exchange', () => {
    const ending = instance().run({ unsignalled: true });
    expect(ending.status).toBe(0);
    expect(ending.said.at(-1)).toMatchObject({ level: 'info', event: 'signal_not_taken' });
    expect(indexOf(ending, 'poweroff')).toBe(-1);
  });

  test('installs from the release of Amazon Linux that deploy.json names, and what it names besides', () => {
    const ending = instance({ releasever: '2023.9.20251110', packages: ['amazon-ssm-agent'] }).run();
    expect(ending.calls.find((call) => call.startsWith('dnf'))).toBe(
      'dnf --assumeyes --quiet --setopt=install_weak_deps=False --releasever=2023.9.20251110 install aws-nitro-enclaves-cli amazon-cloudwatch-agent awscli-2 amazon-ssm-agent',
    );
  });
});

describe('an instance ends itself, and nothing was started,', () => {
  const PARTS: readonly Part[] = ['parent', 'image', 'settings'];
  const nothingRan = (sandbox: Sandbox, ending: Ending): void => {
    expect(ending.calls.filter((call) => call.startsWith('systemctl'))).toEqual(['systemctl poweroff']);
    expect(sandbox.has('opt/enclave-vault')).toBe(false);
    expect(sandbox.has('etc/enclave-vault')).toBe(false);
    expect(indexOf(ending, '--status FAILURE')).toBeGreaterThan(-1);
  };

  test.each(PARTS)('when the %s has one octet that differs', (part) => {
    const sandbox = instance();
    const wrong = Buffer.from(sandbox.parts[part]);
    wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
    const ending = sandbox.run({ served: { [part]: wrong } });
    expectRefusal(ending, `verify_${part}`);
    nothingRan(sandbox, ending);
    // A digest that differs will not be another one the next time.
    expect(ending.calls.filter((call) => call.includes(`version-of-${part}`))).toHaveLength(1);
  });

  test.each(PARTS)('when the %s is cut short', (part) => {
    const sandbox = instance();
    const ending = sandbox.run({ served: { [part]: sandbox.parts[part].subarray(0, -1) } });
    expectRefusal(ending, `verify_${part}`);
    nothingRan(sandbox, ending);
  });

  test.each(PARTS)('when S3 does not give the %s, asked three times', (part) => {
    const sandbox = instance();
    const ending = sandbox.run({ missing: [part] });
    expectRefusal(ending, `fetch_${part}`);
    nothingRan(sandbox, ending);
    expect(ending.calls.filter((call) => call.includes(`version-of-${part}`))).toHaveLength(3);
  });

  test('when a file is right and another one is under its version: each digest is its own', () => {
    const sandbox = instance();
    const ending = sandbox.run({ served: { settings: sandbox.parts.parent } });
    expectRefusal(ending, 'verify_settings');
    nothingRan(sandbox, ending);
  });

  test('when packages cannot be had: there is no AWS CLI then, and the console is all that it has', () => {
    const sandbox = instance();
    const ending = sandbox.run({ dnfFails: 3 });
    expectRefusal(ending, 'packages');
    expect(ending.calls.filter((call) => call.startsWith('aws'))).toEqual([]);
  });

  test('when the metadata service is away', () => {
    const ending = instance().run({ metadata: 'away' });
    expectRefusal(ending, 'metadata');
    expect(refusalOf(ending)).toMatchObject({ instance: 'unknown' });
  });

  test('and says so in the log group as well, since its disk goes with it', () => {
    const ending = instance().run({ missing: ['image'] });
    const put = ending.calls.find((call) => call.includes('put-log-events')) ?? '';
    const [event] = JSON.parse(put.slice(put.indexOf('['))) as [{ message: string }];
    expect(JSON.parse(event.message)).toEqual(ending.said.at(-1));
  });
});

describe('an instance ends itself', () => {
  test('when a file of the archive is not what its own list says: the parent is not started', () => {
    const ending = instance().run({ disk: 'lies' });
    expectRefusal(ending, 'install');
    expect(ending.calls.filter((call) => call.startsWith('systemctl'))).toEqual(['systemctl poweroff']);
  });

  test('when the parent does not serve in time', () => {
    const ending = instance({ bootSeconds: 1 }).run({ health: [503] });
    expectRefusal(ending, 'serve');
    expect(indexOf(ending, '--status FAILURE')).toBeGreaterThan(-1);
  });

  test('when it serves for a moment and no longer', () => {
    const ending = instance().run({ health: [200, 503] });
    expectRefusal(ending, 'settle');
  });

  test('not when one look at it fails', () => {
    expect(instance().run({ health: [200, 503, 200] }).status).toBe(0);
  });
});

describe('the script', () => {
  const options = new Sandbox().options;

  test('fits into user data, and has no secret in it', () => {
    const script = userData(options);
    expect(Buffer.byteLength(script)).toBeLessThan(MAX_USER_DATA_BYTES / 2);
    expect(script).not.toMatch(/SECRET|PASSWORD|AKIA|BEGIN /);
  });

  test.each([
    [
      'a key with a command in it',
      { release: { ...options.release, image: { ...options.release.image, key: 'a;id' } } },
    ],
    [
      'a key with a space',
      { release: { ...options.release, image: { ...options.release.image, key: 'a b' } } },
    ],
    [
      'a version with a substitution',
      { release: { ...options.release, parent: { ...options.release.parent, version: '$(id)' } } },
    ],
    ['no digest', { release: { ...options.release, parent: { ...options.release.parent, sha256: '' } } }],
    [
      'a digest in capitals',
      { release: { ...options.release, parent: { ...options.release.parent, sha256: 'A'.repeat(64) } } },
    ],
    ['a log group with a quote', { logGroup: "/vault/'x" }],
    ['an option for a package', { packages: ['--nogpgcheck'] }],
    ['a release that is an option', { releasever: '--nogpgcheck' }],
    ['a time that is none', { bootSeconds: Number.NaN }],
  ])('is not written with %s', (_, changed) => {
    expect(() => userData({ ...options, ...changed })).toThrow(
      expect.objectContaining({ code: 'template_refused' }),
    );
  });
});
