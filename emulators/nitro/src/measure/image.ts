// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NitroError } from '../errors.ts';

export const BUNDLE_NAME = 'enclave.mjs';
/** Bytes. */
const MAX_BUNDLE = 64 * 1024 * 1024;
const MAX_MANIFEST = 64 * 1024;
const MAX_FLAGS = 64;

/** An image folder, read once: what is measured and launched are these very bytes. */
export interface EnclaveImage {
  name: string;
  /** Options for the node binary, before the program's path. */
  nodeFlags: readonly string[];
  bundle: Buffer;
}

/**
 * Reads `image.json` {v: 1, name, nodeFlags} and `enclave.mjs` of a folder.
 *
 * @throws NitroError `image_unreadable`, `image_invalid`
 */
export async function readImage(folder: string): Promise<EnclaveImage> {
  const [manifest, bundle] = await Promise.all([
    readBounded(join(folder, 'image.json'), MAX_MANIFEST),
    readBounded(join(folder, BUNDLE_NAME), MAX_BUNDLE),
  ]);
  return { ...parseManifest(manifest.toString('utf8')), bundle };
}

function parseManifest(text: string): Omit<EnclaveImage, 'bundle'> {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (cause) {
    throw new NitroError('image_invalid', 'image.json is not JSON', { cause });
  }
  if (typeof manifest !== 'object' || manifest === null) throw new NitroError('image_invalid', 'image.json');
  const { v, name, nodeFlags } = manifest as Readonly<Record<string, unknown>>;
  if (v !== 1) throw new NitroError('image_invalid', 'image.json: v is not 1');
  if (typeof name !== 'string' || !/^[A-Za-z0-9._-]{1,64}$/.test(name)) {
    throw new NitroError('image_invalid', 'image.json: name');
  }
  if (!Array.isArray(nodeFlags) || nodeFlags.length > MAX_FLAGS || !nodeFlags.every(isFlag)) {
    throw new NitroError('image_invalid', 'image.json: nodeFlags');
  }
  return { name, nodeFlags };
}

/** One that begins with a dash cannot be taken for the program to run, nor end the options. */
function isFlag(flag: unknown): flag is string {
  return typeof flag === 'string' && /^--[a-z][^\0]{0,1023}$/.test(flag);
}

async function readBounded(path: string, limit: number): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > limit) throw new NitroError('image_invalid', 'a file of the image is too large');
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof NitroError) throw cause;
    throw new NitroError('image_unreadable', 'cannot read the image', { cause });
  }
}
