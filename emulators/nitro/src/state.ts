// SPDX-License-Identifier: Apache-2.0
import { randomBytes, X509Certificate } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type CertifiedKey, createNitroRoot, issueChain, loadNitroRoot } from '@enclave-vault/emulator-pki';
import { NitroError } from './errors.ts';

/** What outlives the hypervisor: without it each start would be another root, and another PCR8. */
export interface HypervisorState {
  /** The development root of all attestation documents. */
  root: CertifiedKey;
  /** DER of the certificate that development images count as signed with. */
  signingCertificate: Buffer;
}

const YEAR = 365 * 24 * 3600 * 1000;

interface StateJson {
  v: 1;
  root: { certificate: string; key: string };
  /** The key signs nothing here; it is kept as an image's owner would keep it. */
  signing: { certificate: string; key: string };
}

/**
 * Reads the state, or makes a new one and keeps it. An existing file that does not read is never replaced.
 *
 * @param path null: nothing is kept
 * @param at ms since the epoch, for certificates that are made now
 * @throws NitroError `state_invalid`, `state_permissions` when others than its owner may read it
 */
export async function openState(path: string | null, at: number): Promise<HypervisorState> {
  if (path === null) return parse(create(at));
  const found = await read(path);
  if (found !== null) return parse(found);
  const created = create(at);
  await writeDurably(path, `${JSON.stringify(created, null, 2)}\n`);
  return parse(created);
}

function create(at: number): StateJson {
  const root = createNitroRoot(at);
  const [signing] = issueChain([
    {
      subject: 'enclave-vault development image signing',
      notBefore: at - 3600_000,
      notAfter: at + 30 * YEAR,
      ca: false,
      keyUsage: ['digitalSignature'],
    },
  ]);
  if (signing === undefined) throw new NitroError('state_invalid');
  return { v: 1, root: toJson(root), signing: toJson(signing) };
}

function toJson({ certificate, privateKey }: CertifiedKey): { certificate: string; key: string } {
  return {
    certificate: new X509Certificate(certificate).toString(),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function parse(value: unknown): HypervisorState {
  try {
    const { v, root, signing } = value as StateJson;
    if (v !== 1) throw new NitroError('state_invalid', 'state file of an unknown version');
    return {
      root: loadNitroRoot(root.certificate, root.key),
      signingCertificate: new X509Certificate(signing.certificate).raw,
    };
  } catch (cause) {
    if (cause instanceof NitroError) throw cause;
    throw new NitroError('state_invalid', 'the state file does not read', { cause });
  }
}

async function read(path: string): Promise<unknown> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new NitroError(
        'state_permissions',
        'the state file must be readable by its owner alone (mode 0600)',
      );
    }
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (cause) {
    if (cause instanceof NitroError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new NitroError('state_invalid', 'the state file does not read', { cause });
  }
}

/** Whole or not at all, also when the machine stops in the middle: file, name and folder reach the disk in this order. */
async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await synced(await open(temporary, 'wx', 0o600), async (file) => file.writeFile(text));
    await rename(temporary, path);
    await synced(await open(dirname(path), 'r'), async () => undefined);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function synced(file: FileHandle, act: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await act(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
