// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import { keyId, type Manifest } from '@enclave-vault/eif';
import {
  demandNamed,
  manifestEntry,
  openManifest,
  readSigningKey,
  writeManifest,
} from '../measure/manifest.ts';
import { describeImage, measureImage } from '../measure/measured.ts';
import { parseMeasureOptions } from '../measure/options.ts';

/** `enclave-vault measure`. Prints JSON; anything wrong with an image or a manifest is an error with its code. */
export async function measure(args: readonly string[]): Promise<number> {
  const options = parseMeasureOptions(args, process.env.INIT_CWD ?? '.');
  const { image, write, verify, name, json } = options;
  const print = (value: unknown): void => {
    process.stdout.write(`${JSON.stringify(value, null, json ? 0 : 2)}\n`);
  };
  // Before an image is read: a missing key is found at once.
  const key = write && (await readSigningKey(write.key, process.env.ENCLAVE_VAULT_SIGNING_PASSPHRASE));
  const signed = verify && (await openManifest(verify.manifest, verify.key));
  const measured = image === null ? null : await measureImage(image, options);
  if (measured && write && key) {
    const now = Date.now();
    const manifest = await writeManifest(write.manifest, manifestEntry(measured, name), key, {
      ...write,
      now,
    });
    print(describeManifest(manifest, keyId(createPublicKey(key))));
  } else if (signed) {
    if (measured) demandNamed(signed.manifest, manifestEntry(measured, undefined));
    print(describeManifest(signed.manifest, signed.keyId));
  } else if (measured) print(describeImage(measured));
  return 0;
}

function describeManifest({ issued, images }: Manifest, signedBy: string) {
  return { signedBy, issued: new Date(issued).toISOString(), images };
}
