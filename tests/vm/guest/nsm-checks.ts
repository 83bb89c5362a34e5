// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { verifyAttestation } from '@enclave-vault/attestation';
import { type CborValue, decodeCbor, encodeCbor } from '@enclave-vault/codec';
import { createNitroRoot } from '@enclave-vault/emulator-pki';
import { openNsm } from '@enclave-vault/linux/nsm';
import { pcr16 } from '@enclave-vault/protocol';
import { NsmClient } from '../../../trusted/enclave/src/adapters/nsm-client.ts';
import { measureConfiguration } from '../../../trusted/enclave/src/core/measure.ts';
import { PCRS } from '../../../trusted/enclave/test/support/deployment.ts';
import { check } from './checks.ts';
import { NsmService } from './nsm-protocol.ts';

const LIMITS = { maxBytes: 12_288, maxDepth: 4, maxItems: 256 };

/** The device through the kernel: every request, every limit, every error that it can answer with. */
export async function nsmChecks(): Promise<void> {
  const root = createNitroRoot(Date.now());
  const service = await NsmService.start('nsm-checks', root, PCRS);
  const device = openNsm(service.path);
  const client = new NsmClient(device.exchange);
  const ask = async (request: CborValue): Promise<unknown> =>
    plain(decodeCbor(await device.exchange(encodeCbor(request)), LIMITS));
  const tellAnswer = (value: CborValue) =>
    service.tell({ answer: Buffer.from(encodeCbor(value)).toString('base64') });
  const map = (name: string, members: Readonly<Record<string, CborValue>>): CborValue =>
    new Map([[name, new Map(Object.entries(members))]]);

  await check('nsm: DescribeNSM', async () => {
    const answer = (await ask('DescribeNSM')) as { DescribeNSM: Record<string, unknown> };
    equal(answer.DescribeNSM.max_pcrs, 32);
    equal(answer.DescribeNSM.digest, 'SHA384');
    deepEqual(answer.DescribeNSM.locked_pcrs, [...Array(16).keys()]);
  });
  await check('nsm: GetRandom yields 256 bytes, never twice the same', async () => {
    const [one, two] = [await client.random(), await client.random()];
    equal(one.length, 256);
    ok(!one.equals(two));
  });
  await check('nsm: DescribePCR of a register of the hypervisor', async () => {
    deepEqual(await client.describePcr(0), { locked: true, value: PCRS.get(0) });
  });
  await check('nsm: ExtendPCR, then LockPCR, then ReadOnlyIndex', async () => {
    const { value } = await client.describePcr(17);
    deepEqual(value, Buffer.alloc(48));
    await client.extendPcr(17, Buffer.from('x'));
    ok(!(await client.describePcr(17)).value.equals(value));
    equal(await ask(map('LockPCR', { index: 17 })), 'LockPCR');
    await rejects(client.extendPcr(17, Buffer.from('y')), { detail: 'ReadOnlyIndex' });
    await rejects(client.lockPcr(17), { detail: 'ReadOnlyIndex' });
  });
  await check('nsm: PCR16 is extended with the configuration and locked, once', async () => {
    const bytes = Buffer.from('a configuration');
    await measureConfiguration(client, bytes);
    deepEqual(await client.describePcr(16), { locked: true, value: pcr16(bytes) });
    await rejects(measureConfiguration(client, bytes), { detail: 'pcr_in_use' });
  });
  await check('nsm: LockPCRs locks all below', async () => {
    equal(await ask(map('LockPCRs', { range: 20 })), 'LockPCRs');
    deepEqual([(await client.describePcr(19)).locked, (await client.describePcr(20)).locked], [true, false]);
  });
  await check('nsm: an attestation document that the verifier accepts, with all its fields', async () => {
    const fields = { publicKey: randomBytes(1024), userData: randomBytes(512), nonce: randomBytes(512) };
    const document = await client.attest(fields);
    const verified = verifyAttestation(document, {
      root: root.certificate,
      at: Date.now(),
      ...fields,
      requirePcrs: [16],
    });
    equal(verified.production, false);
    for (const index of [0, 1, 2, 3, 8]) deepEqual(verified.pcrs.get(index), PCRS.get(index));
    deepEqual(verified.pcrs.get(16), pcr16(Buffer.from('a configuration')));
    equal(verified.pcrs.has(20), false);
  });

  for (const [request, error] of [
    [map('DescribePCR', { index: 32 }), 'InvalidIndex'],
    [map('ExtendPCR', { index: 99, data: Buffer.from('x') }), 'InvalidIndex'],
    [map('LockPCR', { index: 32 }), 'InvalidIndex'],
    [map('LockPCRs', { range: 33 }), 'InvalidIndex'],
    [map('ExtendPCR', { index: 3, data: Buffer.from('x') }), 'ReadOnlyIndex'],
    [map('LockPCR', { index: 3 }), 'ReadOnlyIndex'],
    [map('DescribePCR', { index: 'three' }), 'InvalidArgument'],
    [map('DescribePCR', {}), 'InvalidArgument'],
    [map('Attestation', { public_key: Buffer.alloc(1025) }), 'InputTooLarge'],
    [map('Attestation', { user_data: Buffer.alloc(513) }), 'InputTooLarge'],
    [map('Attestation', { nonce: Buffer.alloc(513) }), 'InputTooLarge'],
    ['Reboot', 'InvalidOperation'],
    [map('Reboot', {}), 'InvalidOperation'],
    [7, 'InvalidOperation'],
  ] as const)
    await check(`nsm: ${JSON.stringify(plain(request))} is ${error}`, async () => {
      deepEqual(await ask(request), { Error: error });
    });
  await check('nsm: bytes that are no CBOR, and none at all, are InvalidOperation', async () => {
    for (const bytes of [Buffer.from([0xff]), Buffer.alloc(0), Buffer.alloc(4096, 0x81)])
      deepEqual(plain(decodeCbor(await device.exchange(bytes), LIMITS)), { Error: 'InvalidOperation' });
  });
  await check('nsm: InternalError when it cannot sign', async () => {
    await service.tell({ broken: true });
    await rejects(client.attest({ publicKey: Buffer.alloc(1), userData: Buffer.alloc(1), nonce: null }), {
      detail: 'InternalError',
    });
    await service.tell({ broken: false });
  });
  await check('nsm: 4096 bytes reach it whole, 4097 reach nobody', async () => {
    const data = Buffer.alloc(
      4096 - encodeCbor(map('ExtendPCR', { index: 21, data: Buffer.alloc(300) })).length + 300,
    );
    const request = encodeCbor(map('ExtendPCR', { index: 21, data }));
    equal(request.length, 4096);
    await service.tell();
    ok('ExtendPCR' in (plain(decodeCbor(await device.exchange(request), LIMITS)) as object));
    await rejects(device.exchange(Buffer.alloc(4097)), { code: 'message_too_large', errno: 'EMSGSIZE' });
    deepEqual((await service.tell()).asked, [4096]);
  });
  await check('nsm: an answer of 12288 bytes arrives whole', async () => {
    const answer = randomBytes(12_288);
    await service.tell({ answer: answer.toString('base64') });
    deepEqual(await device.exchange(Buffer.from('x')), answer);
  });
  await check(
    'nsm: BufferTooSmall for an answer that is larger, and one that is cut off is none',
    async () => {
      await tellAnswer(new Map([['Error', 'BufferTooSmall']]));
      await rejects(client.describePcr(0), { detail: 'BufferTooSmall' });
      await tellAnswer(map('GetRandom', { random: Buffer.alloc(12_400) }));
      await rejects(client.random(), { detail: 'nsm_response' });
      await service.tell({ answer: null });
    },
  );
  await check('nsm: 200 requests at once, each with its own answer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => client.describePcr(index % 16)),
    );
    for (const [index, { value }] of answers.entries())
      deepEqual(value, PCRS.get(index % 16) ?? Buffer.alloc(48));
  });
  await check('nsm: no descriptor is left open', async () => {
    const before = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < 20; round++) {
      const other = openNsm(service.path);
      await other.exchange(encodeCbor('DescribeNSM'));
      await other.close();
    }
    equal(readdirSync('/proc/self/fd').length, before);
  });
  await device.close();
  await service.stop();
}

/** Maps as objects and bytes as they are, to compare and to print. */
function plain(value: unknown): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, member]) => [key, plain(member)]));
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Uint8Array ? `${value.length} bytes` : value;
}
