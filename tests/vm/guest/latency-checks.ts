// SPDX-License-Identifier: Apache-2.0
import { deepEqual, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { PCRS, type TestDeployment } from '../../../trusted/enclave/test/support/deployment.ts';
import { launch } from '../../../trusted/enclave/test/support/process.ts';
import { check } from './checks.ts';
import { Enclave } from './enclave.ts';
import { type Asked, ask, inTime, makeRecord } from './enclave-checks.ts';
import { NsmService } from './nsm-protocol.ts';
import { type Caller, startVsockRelay, unixCaller, vsockCaller } from './vsock-client.ts';

const WARM = 10;
const ROUNDS = 5;
const PER_ROUND = 10;
/** Vsock's loopback copies more than a unix socket does; several times slower would be a mistake of ours. */
const MOST = 2;

async function round(call: Caller, asked: Asked, times: number): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < times; index++) {
    await inTime(async () => {
      const began = performance.now();
      const answer = await ask(call, asked);
      if (typeof answer === 'string') return answer;
      taken.push(performance.now() - began);
      return null;
    });
  }
  return taken;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/**
 * The same program, record and KMS over vsock and over unix sockets, one after the other in turns, so that whatever else the machine does
 * falls on both. A decrypt is a request of its own, KMS's Decrypt and HPKE.
 */
export async function latencyChecks(deployment: TestDeployment): Promise<void> {
  const asked = await makeRecord(deployment);
  const service = await NsmService.start('nsm-latency', deployment.root, PCRS);
  const enclave = Enclave.launch({ nsm: service.name });
  await enclave.listening();
  const endRelay = await startVsockRelay(deployment.port);
  const vsock = vsockCaller();
  const local = await launch(
    { directory: '/guest/local', name: 'local', nodeFlags: localFlags(), sha384: '', inputs: {} },
    deployment,
  );
  const unix = unixCaller(`${local.folder}/listen.sock`);

  await check('latency: a decrypt over vsock against one over unix sockets', async () => {
    for (const call of [vsock, unix])
      deepEqual((await call('PUT', '/v1/configuration', deployment.configuration)).status, 204);
    const taken = { vsock: [] as number[], unix: [] as number[] };
    await round(vsock, asked, WARM);
    await round(unix, asked, WARM);
    for (let index = 0; index < ROUNDS; index++) {
      taken.vsock.push(...(await round(vsock, asked, PER_ROUND)));
      taken.unix.push(...(await round(unix, asked, PER_ROUND)));
    }
    // None was refused for good.
    deepEqual([taken.vsock.length, taken.unix.length], Array(2).fill(ROUNDS * PER_ROUND));
    const [a, b] = [median(taken.vsock), median(taken.unix)];
    const health = { vsock: await healthMs(vsock), unix: await healthMs(unix) };
    console.log(
      `figures: decrypt over vsock ${a.toFixed(2)} ms, over unix sockets ${b.toFixed(2)} ms, ratio ${(a / b).toFixed(2)}; ` +
        `health ${health.vsock.toFixed(2)} ms and ${health.unix.toFixed(2)} ms (medians of ${taken.vsock.length} and 200)`,
    );
    ok(a / b < MOST, `ratio ${(a / b).toFixed(2)}`);
  });
  await local.close();
  await enclave.kill();
  await endRelay();
  await service.stop();
}

async function healthMs(call: Caller): Promise<number> {
  const taken: number[] = [];
  for (let index = 0; index < 200; index++) {
    const began = performance.now();
    await call('GET', '/v1/health');
    taken.push(performance.now() - began);
  }
  return median(taken);
}

function localFlags(): string[] {
  const { nodeFlags } = JSON.parse(readFileSync('/guest/local/image.json', 'utf8')) as {
    nodeFlags: string[];
  };
  return nodeFlags;
}
