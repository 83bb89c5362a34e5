// SPDX-License-Identifier: Apache-2.0
import { request } from 'node:https';
import { unsafeParseAttestation } from '@enclave-vault/attestation';
import { type Check, failureOutcome, type Outcome, Skip } from '../check.ts';
import type { Subject } from '../subject.ts';
import { documentOf } from './enclave.ts';

const WARN_MS = 5_000;
/** KMS takes signatures of 5 minutes; certificates and documents are judged to the minute. */
const FAIL_MS = 60_000;
const ANSWER_MS = 3_500;

export const clock: Check = {
  name: 'clock',
  proves:
    'This machine’s clock agrees with AWS’s and the hypervisor’s: signatures, certificates and documents are judged by it.',
  mend: 'Set the clock by NTP: on EC2 chrony with 169.254.169.123.',
  run: (subject) => Promise.all([service(subject), enclave(subject)]),
};

async function service(subject: Subject): Promise<Outcome> {
  const { region, endpoints, now, production } = subject;
  const { url = `https://kms.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`, ca } =
    endpoints.kms ?? {};
  const of = production ? 'AWS' : 'KMS';
  try {
    const began = now();
    const date = await dateOf(url, ca);
    const ended = now();
    if (!Number.isFinite(date)) return { of, status: 'fail', seen: 'KMS says no time' };
    // The header has whole seconds, so that any instant of the second is as good.
    return { of, ...judge((began + ended) / 2 - (date + 500), 500 + (ended - began) / 2) };
  } catch (error) {
    return { of, ...failureOutcome(error) };
  }
}

async function enclave(subject: Subject): Promise<Outcome> {
  const of = 'hypervisor';
  try {
    const document = await documentOf(subject);
    if (document === undefined) return { of, status: 'skipped', seen: 'no enclave answers' };
    // Who signed it is the business of another check; a forger of clocks gains nothing here.
    const { timestamp } = unsafeParseAttestation(document.bytes).claims;
    return { of, ...judge(document.at - timestamp, document.tookMs / 2) };
  } catch (error) {
    if (error instanceof Skip) return { of, status: 'skipped', seen: error.message };
    return { of, status: 'fail', seen: 'no document that can be read' };
  }
}

/** @param skewMs of this machine, ahead when positive @param errorMs how far off that may be */
export function judge(skewMs: number, errorMs: number): Outcome {
  const off = Math.max(0, Math.abs(skewMs) - errorMs);
  const seconds = (Math.abs(skewMs) / 1000).toFixed(1);
  const seen = off === 0 ? 'agrees' : `this machine is ${seconds} s ${skewMs > 0 ? 'ahead' : 'behind'}`;
  return { status: off > FAIL_MS ? 'fail' : off > WARN_MS ? 'warn' : 'ok', seen };
}

/** The Date header of whatever a server answers, ms since the epoch. */
function dateOf(url: string, ca: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'GET',
        agent: false,
        timeout: ANSWER_MS,
        minVersion: 'TLSv1.2',
        ...(ca === undefined ? {} : { ca }),
      },
      (answer) => {
        answer.resume();
        resolve(Date.parse(answer.headers.date ?? ''));
      },
    );
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })));
    sent.on('error', reject);
    sent.end();
  });
}
