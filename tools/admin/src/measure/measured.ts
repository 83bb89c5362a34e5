// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Eif, EifError, pcr3, pcr4, pcr16, readEif } from '@enclave-vault/eif';
import { enclaveConfiguration } from '@enclave-vault/parent/enclave-configuration';
import { PARENT } from '@enclave-vault/parent/settings';
import { parseConfiguration } from '@enclave-vault/protocol';
import { readConfigFile, readRole, SettingsError } from '@enclave-vault/settings';
import { AdminError } from '../errors.ts';
import type { MeasureOptions } from './options.ts';

/** An image, and the registers that are known of it: `PCR0` and so on, in lower-case hex. */
export interface MeasuredImage {
  readonly eif: Eif;
  readonly registers: Readonly<Record<string, string>>;
}

type Surroundings = Pick<MeasureOptions, 'roleArn' | 'instanceId' | 'configuration'>;

/** @throws EifError for an image that is damaged; AdminError for a file that is no such file */
export async function measureImage(
  path: string,
  { roleArn, instanceId, configuration }: Surroundings,
): Promise<MeasuredImage> {
  const registers = new Map<number, Buffer>();
  // Small things first: an image takes seconds.
  if (roleArn !== undefined) registers.set(3, pcr3(roleArn));
  if (instanceId !== undefined) registers.set(4, pcr4(instanceId));
  if (configuration !== undefined) registers.set(16, pcr16(await readConfiguration(configuration)));
  const eif = await readImage(path);
  const all = [...eif.pcrs, ...registers].sort(([one], [other]) => one - other);
  return {
    eif,
    registers: Object.fromEntries(all.map(([index, value]) => [`PCR${index}`, value.toString('hex')])),
  };
}

/** What is printed: as eif_build and nitro-cli print it, then what they do not. */
export function describeImage({ eif, registers }: MeasuredImage): Readonly<Record<string, unknown>> {
  const { architecture, defaultMemory, defaultCpus, commandLine, sections, metadata, signature } = eif;
  return {
    HashAlgorithm: 'Sha384 { ... }',
    ...registers,
    architecture,
    defaultMemory: Number(defaultMemory),
    defaultCpus: Number(defaultCpus),
    commandLine,
    sections,
    metadata,
    signature:
      signature === null
        ? null
        : {
            valid: true,
            algorithm: signature.algorithm,
            subject: signature.certificate.subject,
            issuer: signature.certificate.issuer,
            fingerprint: signature.certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
            notBefore: signature.certificate.validFromDate.toISOString(),
            notAfter: signature.certificate.validToDate.toISOString(),
          },
  };
}

async function readImage(path: string): Promise<Eif> {
  try {
    return await readEif(createReadStream(path, { highWaterMark: 1024 * 1024 }));
  } catch (error) {
    if (error instanceof EifError) throw error;
    throw new AdminError('file_unreadable', `${path} cannot be read`);
  }
}

/**
 * The bytes that the enclave gets, which must be a configuration: anything else has a PCR16 too. Of a parent's role file
 * they are those that the parent itself would give.
 * @throws {AdminError} @throws {SettingsError}
 */
async function readConfiguration(path: string): Promise<Buffer> {
  const file = await readFile(path).catch(() => {
    throw new AdminError('file_unreadable', `${path} cannot be read`);
  });
  const text = file.toString('latin1').trim();
  const decoded = Buffer.from(text, 'base64');
  try {
    if (text.startsWith('{')) {
      const { enclave } = readRole(PARENT, { file: readConfigFile(path), env: {} });
      return Buffer.from(enclaveConfiguration(enclave));
    }
    const bytes = decoded.length > 0 && decoded.toString('base64') === text ? decoded : file;
    parseConfiguration(bytes);
    return bytes;
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    throw new AdminError('configuration_invalid', `${path} is no configuration of an enclave`);
  }
}
