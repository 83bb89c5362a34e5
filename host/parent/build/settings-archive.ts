// SPDX-License-Identifier: Apache-2.0
import { tarGzip, tree } from '@enclave-vault/image-parts';

/** What lies in /etc/enclave-vault of an instance. */
export const SETTINGS_FILES = [
  'allocator.yaml',
  'amazon-cloudwatch-agent.json',
  'channel-client-root.pem',
  'channel-server-root.pem',
  'enclave.configuration',
  'parent.json',
] as const;

export type SettingsFile = (typeof SETTINGS_FILES)[number];

/**
 * The archive of a deployment's settings of the parent (tar, gzip): the same files give the same bytes, so that a deployment that changes
 * none of them places nothing new, and replaces no instance.
 */
export function parentSettingsArchive(files: Readonly<Record<SettingsFile, string | Uint8Array>>): Buffer {
  return tarGzip(
    tree(SETTINGS_FILES.map((path) => ({ path, mode: 0o644, data: Buffer.from(files[path]) }))),
    0,
  );
}
