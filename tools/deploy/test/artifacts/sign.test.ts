// SPDX-License-Identifier: Apache-2.0
import type { ArtifactLocation } from '@enclave-vault/infra';
import { beforeEach, describe, expect, test } from 'vitest';
import { placeFile } from '../../src/artifacts/place-file.ts';
import { bucketPlacer, lookingPlacer, NOT_UPLOADED, sha256Of } from '../../src/artifacts/placer.ts';
import { type Signer, signedForm } from '../../src/artifacts/sign.ts';
import { FakeObjects, FakeSigning } from '../support/fake-cloud.ts';
import { FakeClock, refusal, SHORT } from '../support/tools.ts';

const BUCKET = 'artifacts';
const FILE = Buffer.from('a zip');
let objects: FakeObjects;
let signing: FakeSigning;
let source: ArtifactLocation;
const signer = (version = '0123456789'): Signer => ({
  objects,
  signing,
  clock: new FakeClock(),
  limits: SHORT,
  profile: {
    name: 'code',
    versionArn: `arn:aws:signer:eu-central-1:111122223333:/signing-profiles/code/${version}`,
  },
});

beforeEach(async () => {
  objects = new FakeObjects();
  signing = new FakeSigning(objects, '0123456789');
  source = await placeFile(objects, BUCKET, 'release/x/api.zip', FILE);
});

describe('a file', () => {
  test('is put once, and again above whoever overwrote it', async () => {
    expect(await placeFile(objects, BUCKET, source.key, FILE)).toEqual(source);
    expect(objects.puts).toBe(1);
    objects.write(source.key, Buffer.from('another zip'));
    const again = await placeFile(objects, BUCKET, source.key, FILE);
    expect(again.version).not.toBe(source.version);
    expect(await objects.get(BUCKET, again.key, again.version)).toEqual(FILE);
  });

  test('has its digest in its key, and is read only when it is sent', async () => {
    const placer = bucketPlacer(objects, BUCKET, null);
    let reads = 0;
    const read = async () => {
      reads += 1;
      return FILE;
    };
    const placed = await placer.place('release', 'api.zip', sha256Of(FILE), read);
    expect(placed.key).toBe(`release/${sha256Of(FILE)}/api.zip`);
    expect(await placer.place('release', 'api.zip', sha256Of(FILE), read)).toEqual(placed);
    expect(reads).toBe(1);
    expect(await placer.sign(placed)).toBe(placed);
  });
});

describe('a signed file', () => {
  test('is signed once: the second run finds what the first one made', async () => {
    const signed = await signedForm(signer(), source);
    expect(signed.key).toBe(`signed/${source.sha256}/job-1.zip`);
    expect(sha256Of(await objects.get(BUCKET, signed.key, signed.version))).toBe(signed.sha256);
    expect(await signedForm(signer(), source)).toEqual(signed);
    expect(signing.started).toBe(1);
  });

  test('is signed anew under another version of the profile', async () => {
    await signedForm(signer(), source);
    await signedForm(signer('9876543210'), source);
    expect(signing.started).toBe(2);
  });

  const index = () => `signing/0123456789/${source.sha256}.json`;
  const remember = (entry: unknown) => objects.write(index(), Buffer.from(JSON.stringify(entry)));

  test('is signed anew when what the bucket remembers is not what Signer says', async () => {
    const other = await placeFile(objects, BUCKET, 'release/y/old.zip', Buffer.from('an old zip'));
    const old = await signedForm(signer(), other);
    const started = signing.started;
    for (const entry of [
      // A signed file, and not of this source.
      { job: 'job-1', key: old.key, version: old.version, sha256: old.sha256 },
      { job: 'job-99', key: old.key, version: old.version, sha256: old.sha256 },
      { job: 'job-1' },
      'job-1',
    ]) {
      remember(entry);
      const signed = await signedForm(signer(), source);
      expect(signed.key).not.toBe(old.key);
    }
    expect(signing.started).toBe(started + 4);
  });

  test('is signed anew when somebody wrote over it, or it is gone', async () => {
    const signed = await signedForm(signer(), source);
    objects.write(signed.key, Buffer.from('something else'));
    const second = await signedForm(signer(), source);
    expect(second.key).not.toBe(signed.key);
    objects.versions.delete(second.key);
    await signedForm(signer(), source);
    expect(signing.started).toBe(3);
  });

  test('that Signer refuses is an error with its reason', async () => {
    signing.failures.push('the zip has 70,000 files');
    expect(await refusal(signedForm(signer(), source))).toEqual({
      code: 'signing_failed',
      text: 'release/x/api.zip was not signed: the zip has 70,000 files',
    });
    expect((await signedForm(signer(), source)).key).toContain('job-2');
  });

  test('that never ends is given up on', async () => {
    signing.job = async () => ({ status: 'InProgress' });
    expect((await refusal(signedForm(signer(), source))).text).toContain('it did not end in time');
  });
});

test('who only looks uploads and signs nothing', async () => {
  const looking = lookingPlacer(objects, BUCKET, signer());
  const other = Buffer.from('a new zip');
  const read = () => Promise.reject(new Error('read'));
  const missing = await looking.place('release', 'api.zip', sha256Of(other), read);
  expect(missing.version).toBe(NOT_UPLOADED);
  expect((await looking.sign(missing)).version).toBe(NOT_UPLOADED);
  expect((await looking.sign(source)).version).toBe(NOT_UPLOADED);
  const signed = await signedForm(signer(), source);
  const puts = objects.puts;
  expect(await looking.sign(source)).toEqual(signed);
  expect([objects.puts, signing.started]).toEqual([puts, 1]);
});
