// SPDX-License-Identifier: Apache-2.0
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { join } from 'node:path';
import {
  CancelKeyDeletionCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { afterAll, describe, expect, it } from 'vitest';
import type { Reading } from '../src/index.ts';
import type { LocalCanaryConfig } from '../src/local/index.ts';
import { openStage } from './support/stage.ts';

/* What goes wrong with a canary, or on its way to KMS, is never an expected refusal: every reading that it touches is a
 * CanaryError. */

const stage = await openStage();
const { config } = stage;

async function run(over: Partial<LocalCanaryConfig>, limitMs = 60_000): Promise<readonly Reading[]> {
  const canary = stage.open(over, { limitMs });
  try {
    return await canary.run();
  } finally {
    canary.close();
  }
}
/** All but the control, which goes another way, and the parent's, who has credentials of its own. */
const own = (readings: readonly Reading[]) =>
  readings.filter(({ probe }) => probe !== 'control.decrypt' && !probe.startsWith('parent.'));
const reasons = (readings: readonly Reading[]) => [
  ...new Set(readings.map(({ outcome, reason }) => `${outcome} ${reason}`)),
];
const everywhere = (endpoint: string): Partial<LocalCanaryConfig> => ({
  kms: { ...config.kms, endpoint, outside: endpoint },
});

/** Somebody in KMS's place. */
async function instead(answer: RequestListener): Promise<Partial<LocalCanaryConfig>> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return everywhere(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
}
const error =
  (status: number, type: string, message = 'x'): RequestListener =>
  (request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ __type: type, message }));
  };

describe('a canary that cannot ask reads CanaryError, and nothing else', () => {
  it('while the same one, unbroken, reads that all is well', async () => {
    expect(reasons(await run({}))).toEqual([
      'ExpectedDenied key_policy',
      'AsDeployed enabled',
      'AsDeployed same_statements',
      'AsDeployed no_grants',
      'ControlPassed decrypted',
    ]);
  });

  it('without a network: nobody listens', async () => {
    expect(reasons(own(await run(everywhere('https://127.0.0.1:1'))))).toEqual(['CanaryError ECONNREFUSED']);
  });

  it('without a name server, or without the name', async () => {
    // A label of 64 octets is in no name (RFC 1035, section 2.3.4): the resolver says so without asking anybody.
    const seen = own(await run(everywhere(`https://${'k'.repeat(64)}.invalid`)));
    expect(reasons(seen)).toEqual(['CanaryError ENOTFOUND']);
  });

  it('where somebody listens and never answers: within its limit', async () => {
    const silent = createSocket(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    afterAll(() => silent.close());
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const seen = own(await run(everywhere(`https://127.0.0.1:${port}`), 200));
    expect(reasons(seen)).toEqual(['CanaryError ProbeTimeout']);
  });

  it('before somebody whose certificate is not KMS’s', async () => {
    const ca = '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n';
    const seen = own(await run({ kms: { ...config.kms, ca } }));
    expect(seen.map(({ outcome }) => outcome)).toEqual(seen.map(() => 'CanaryError'));
  });

  it('with a secret that is another’s', async () => {
    const credentials = { ...config.credentials, secretAccessKey: 'another' };
    expect(reasons(own(await run({ credentials })))).toEqual(['CanaryError InvalidSignatureException']);
  });

  it('with credentials that nobody has', async () => {
    const credentials = { ...config.credentials, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' };
    expect(reasons(own(await run({ credentials })))).toEqual(['CanaryError UnrecognizedClientException']);
  });

  it.each([
    ['expired credentials', 400, 'ExpiredTokenException'],
    ['throttling', 400, 'ThrottlingException'],
    ['a quota', 400, 'LimitExceededException'],
    ['an error of KMS’s own', 500, 'KMSInternalException'],
    ['KMS that is not there now', 503, 'DependencyTimeoutException'],
  ])('for %s', async (_what, status, type) => {
    const seen = own(await run(await instead(error(status, type))));
    expect(reasons(seen)).toEqual([`CanaryError ${type}`]);
  });

  it.each([
    ['for want of an Allow', 'because no identity-based policy allows the kms:Decrypt action'],
    ['by the network’s endpoint', 'with an explicit deny in a VPC endpoint policy'],
    ['by the organization', 'with an explicit deny in a service control policy'],
    ['by a boundary', 'with an explicit deny in a permissions boundary'],
    ['in no words at all', ''],
  ])('when it is refused %s', async (_what, message) => {
    const seen = own(await run(await instead(error(400, 'AccessDeniedException', message))));
    expect(reasons(seen)).toEqual([
      'CanaryError refused_by_something_else',
      'CanaryError AccessDeniedException',
    ]);
  });

  it.each([
    ['what is no JSON', '<html>explicit deny in a resource-based policy</html>'],
    ['nothing', ''],
  ])('when KMS answers %s', async (_what, text) => {
    const garbage: RequestListener = (request, response) => {
      request.resume();
      response.writeHead(502, { 'content-type': 'text/html' });
      response.end(text);
    };
    const seen = own(await run(await instead(garbage)));
    expect(seen.map(({ outcome }) => outcome)).toEqual(seen.map(() => 'CanaryError'));
  });

  it('when KMS says that it did what it must not, though its answer cannot be read', async () => {
    const done: RequestListener = (request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end('{"Plaintext":');
    };
    const seen = own(await run(await instead(done)));
    expect(seen.some(({ outcome }) => outcome === 'ExpectedDenied' || outcome === 'AsDeployed')).toBe(false);
  });

  it('in another Region than its keys', async () => {
    const there = (arn: string) => arn.replace('eu-central-1', 'eu-west-1');
    const { vault, request, integrity } = config.keys;
    const keys = { vault: there(vault), request: there(request), integrity: there(integrity) };
    const seen = own(await run({ keys, legacyKeys: config.legacyKeys.map(there) }));
    expect(seen.map(({ outcome }) => outcome)).toEqual(seen.map(() => 'CanaryError'));
  });

  it('with keys that are gone', async () => {
    const gone = (arn: string) => `${arn.slice(0, arn.indexOf('/'))}/11111111-1111-4111-8111-111111111111`;
    const { vault, request, integrity } = config.keys;
    const keys = { vault: gone(vault), request: gone(request), integrity: gone(integrity) };
    const readings = own(await run({ keys, legacyKeys: [] }));
    const decrypt = readings.filter(({ probe }) => probe === 'vault.decrypt');
    expect(decrypt.map(({ reason }) => reason)).toEqual(['empty_store']);
    expect(reasons(readings.filter((one) => !decrypt.includes(one)))).toEqual([
      'CanaryError NotFoundException',
    ]);
  });
});

describe('a canary that can ask, and of whose answers one means nothing', () => {
  it('with a key that is disabled, or pending deletion: its refusals count for nothing, those of other keys do', async () => {
    const KeyId = stage.arns.vault;
    const breakGlass = stage.emulator.client(stage.breakGlass);
    for (const [state, begin, end] of [
      ['Disabled', new DisableKeyCommand({ KeyId }), undefined],
      ['PendingDeletion', new ScheduleKeyDeletionCommand({ KeyId }), new CancelKeyDeletionCommand({ KeyId })],
    ] as const) {
      await breakGlass.send(begin);
      const readings = await run({});
      if (end !== undefined) await breakGlass.send(end);
      await breakGlass.send(new EnableKeyCommand({ KeyId }));
      const of = (word: string) => readings.filter(({ probe }) => probe.split('.').includes(word));
      const probes = of('vault').filter(({ probe }) => !/policy|grants/.test(probe));
      expect(reasons(probes)).toEqual([`CanaryError state_${state}`]);
      expect(reasons(of('request'))).not.toContain(`CanaryError state_${state}`);
      expect(reasons(of('control'))).toEqual(['CanaryError enclave_not_trusted']);
    }
  });

  it('with a store that has no record, or is none', async () => {
    for (const [database, reason] of [
      [join(stage.folder, 'nowhere.db'), 'no_store'],
      [await stage.emptyStore(), 'empty_store'],
    ] as const) {
      const readings = await run({ database });
      expect(readings.filter(({ probe }) => probe === 'vault.decrypt')).toEqual([
        { probe: 'vault.decrypt', outcome: 'CanaryError', reason },
      ]);
    }
  });

  it('that was not told what a policy must say', async () => {
    const { vault: _, ...policies } = config.policies;
    expect((await run({ policies })).filter(({ probe }) => probe === 'vault.policy')).toEqual([
      { probe: 'vault.policy', outcome: 'CanaryError', reason: 'nothing_expected' },
    ]);
  });

  it('with a control that gets another value, none, or no answer', async () => {
    const control = async (over: Partial<LocalCanaryConfig['control']>) =>
      (await run({ control: { ...config.control, ...over } })).filter(
        ({ probe }) => probe === 'control.decrypt',
      );
    expect(reasons(await control({ value: '"Bob"' }))).toEqual(['CanaryError another_value']);
    expect(reasons(await control({ field: 'other' }))).toEqual(['CanaryError no_value']);
    expect(reasons(await control({ url: 'http://127.0.0.1:1' }))).toEqual(['CanaryError ECONNREFUSED']);
  });

  it('whose clock is wrong by ten minutes', async () => {
    stage.emulator.shift(600_000);
    try {
      expect(reasons(own(await run({})))).toEqual(['CanaryError InvalidSignatureException']);
    } finally {
      stage.emulator.shift(-600_000);
    }
  });
});
