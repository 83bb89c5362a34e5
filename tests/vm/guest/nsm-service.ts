// SPDX-License-Identifier: Apache-2.0
/**
 * The process behind one /dev/nsm: emulators/nitro's module, with registers of its own, behind a character device. Its first message says what it is,
 * later ones make it misbehave; it answers each with what it was asked so far. It ends with whoever started it, and the device with it.
 */
import { loadNitroRoot } from '@enclave-vault/emulator-pki';
import { testModule } from '../../../trusted/enclave/test/support/nsm.ts';
import { PCRS } from './measured.ts';
import { serveNsm } from './nsm-device.ts';
import type { NsmCommand, NsmReport } from './nsm-protocol.ts';

const asked: number[] = [];
const whole = { answer: null as Buffer | null };

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', async (message) => {
  const { name, root } = (message as NsmCommand).start ?? { name: '', root: { key: '', certificate: '' } };
  const module = testModule(loadNitroRoot(root.certificate, root.key), PCRS);
  await serveNsm(name, async (request) => {
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
