// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { readChannelRoots, type Side } from '@enclave-vault/channel';
import { parsed, pemOrFile, type Reader, Unwanted } from '@enclave-vault/settings';

const MAX_CONFIGURATION_BYTES = 256 * 1024;

/** The path of a file or socket from the root: a service has no folder of its own to be relative to. */
export function absolutePath(what: string): Reader<string> {
  return parsed(`the absolute path of ${what}`, (path) => {
    if (!isAbsolute(path)) throw new Unwanted();
    return path;
  });
}

/** Bytes: base64, or the absolute path of a file with them. */
export function bytesOrFile(): Reader<Buffer> {
  return parsed('base64, or the absolute path of a file with the bytes', (given) => {
    if (isAbsolute(given)) return readBytes(given);
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(given)) throw new Unwanted();
    return Buffer.from(given, 'base64');
  });
}

function readBytes(path: string): Buffer {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= MAX_CONFIGURATION_BYTES) return bytes;
  } catch {
    throw new Unwanted('names a file that cannot be read');
  }
  throw new Unwanted(`names a file of more than ${MAX_CONFIGURATION_BYTES} bytes`);
}

/** Roots of one side of the channel, PEM or a file of it: those of the other side, or of some authority, are refused here. */
export function channelRoots(side: Side): Reader<string> {
  const inner = pemOrFile();
  const wants = `root certificates of the channel’s ${side} side: PEM text, or the path of a file that holds it`;
  return {
    wants,
    fromText: inner.fromText,
    read: (value) => {
      const pem = inner.read(value);
      try {
        readChannelRoots(pem, side);
      } catch {
        throw new Unwanted();
      }
      return pem;
    },
  };
}

const METADATA = ['169.254.169.254', '[fd00:ec2::254]', '127.0.0.1', '[::1]', 'localhost'];

/** The instance metadata service, or a stand-in on this machine: credentials come from there in the clear. */
export function metadataEndpoint(): Reader<string> {
  return parsed('http://169.254.169.254, http://[fd00:ec2::254], or http://127.0.0.1:port', (given) => {
    if (!URL.canParse(given)) throw new Unwanted();
    const { protocol, hostname, pathname, origin } = new URL(given);
    if (protocol !== 'http:' || pathname !== '/' || !METADATA.includes(hostname)) throw new Unwanted();
    return origin;
  });
}
