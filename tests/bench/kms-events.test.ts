// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KmsEvents } from '../../bench/bulk/kms-events.ts';

const event = (name: string): string => `${JSON.stringify({ eventName: name })}\n`;
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ev-test-'));
  path = join(folder, 'kms-events.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('calls are counted across a file that is full, also while there is none under the name', () => {
  writeFileSync(path, event('Decrypt'));
  const events = new KmsEvents(path);
  try {
    expect(events.take()).toEqual({ Decrypt: 1 });
    appendFileSync(path, event('Decrypt') + event('GenerateDataKeyPairWithoutPlaintext'));
    renameSync(path, `${path}.1`);
    expect(events.take()).toEqual({ Decrypt: 1, GenerateDataKeyPairWithoutPlaintext: 1 });
    // Whoever has it open still writes there.
    appendFileSync(`${path}.1`, event('GenerateDataKey'));
    writeFileSync(path, event('Decrypt'));
    expect(events.take()).toEqual({ Decrypt: 1, GenerateDataKey: 1 });
  } finally {
    events.close();
  }
});

test('calls that KMS refused are no calls that it served', () => {
  const refused = `${JSON.stringify({ eventName: 'Decrypt', errorCode: 'ThrottlingException' })}\n`;
  writeFileSync(path, event('Decrypt') + refused + refused);
  const events = new KmsEvents(path);
  try {
    expect(events.take()).toEqual({ Decrypt: 1, 'Decrypt, refused': 2 });
  } finally {
    events.close();
  }
});
