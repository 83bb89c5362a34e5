// SPDX-License-Identifier: Apache-2.0
/**
 * The process behind one /dev/nsm: emulators/nitro's module, with registers of its own, behind a character device. Its first message says what it is,
 * later ones make it misbehave; it answers each with what it was asked so far. It ends with whoever started it, and the device with it.
 */
import { loadNitroRoot } from '@enclave-vault/emulator-pki';
import { testModule } from '../../../trusted/enclave/test/support/nsm.ts';
import { serveNsm } from './nsm-device.ts';
import type { NsmCommand, NsmReport } from './nsm-protocol.ts';

const asked: number[] = [];
const whole = { answer: null as Buffer | null };

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', async (message) => {
  const { start } = message as NsmCommand;
  if (start === undefined) throw new Error('the first message says what the device is');
  const pcrs = new Map(start.pcrs.map(([index, hex]) => [index, Buffer.from(hex, 'hex')]));
  const module = testModule(loadNitroRoot(start.root.certificate, start.root.key), pcrs);
  await serveNsm(start.name, async (request) => {
    asked.push(request.length);
    return whole.answer ?? module.handle(request);
  });
  const report = (): void => {
    const { lock, data } = module.registers.describe(16) as { lock: boolean; data: Buffer };
    const pcr16 = lock ? data.toString('hex') : null;
    process.send?.({ asked: asked.splice(0), attested: module.state.attested, pcr16 } satisfies NsmReport);
  };
  process.on('message', (later) => {
    const { answer, broken } = later as NsmCommand;
    if (answer !== undefined) whole.answer = answer === null ? null : Buffer.from(answer, 'base64');
    if (broken !== undefined) module.state.broken = broken;
    report();
  });
  report();
});
