// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { readChannelRoots, type Side } from '@enclave-vault/channel';
import { pemOrFile, type Reader, text, Unwanted } from '@enclave-vault/settings';

/** Where the parent listens: for its user alone, or for the network over mutually authenticated TLS. */
export type ListenPlace = { readonly unix: string } | { readonly host: string; readonly port: number };

const MAX_CONFIGURATION_BYTES = 256 * 1024;

/** The path of a file or socket from the root: a service has no folder of its own to be relative to. */
export function absolutePath(what: string): Reader<string> {
  const wants = `the absolute path of ${what}`;
  const inner = text(wants);
  return {
    wants,
    fromText: inner.fromText,
    read: (value) => {
      const path = inner.read(value);
      if (!isAbsolute(path)) throw new Unwanted();
      return path;
    },
  };
}

/** `unix:/path` or `https://address:port`. */
export function listenPlace(): Reader<ListenPlace> {
  const wants = 'unix:/path of a socket, or https://address:port';
  const inner = text(wants);
  return {
    wants,
    fromText: inner.fromText,
    read: (value) => {
      const given = inner.read(value);
      if (given.startsWith('unix:/')) return { unix: given.slice('unix:'.length) };
      return authority(given, 'https:', 443);
    },
  };
}

/** `http://address:port`, with nothing behind it. */
export function plainPlace(): Reader<{ readonly host: string; readonly port: number }> {
  const wants = 'http://address:port';
  const inner = text(wants);
  return { wants, fromText: inner.fromText, read: (value) => authority(inner.read(value), 'http:', 80) };
}

function authority(given: string, protocol: string, port: number): { host: string; port: number } {
  if (!given.startsWith(`${protocol}//`) || !/^[a-z]+:\/\/[^/?#@]+\/?$/.test(given)) throw new Unwanted();
  if (!URL.canParse(given)) throw new Unwanted();
  const url = new URL(given);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? port : Number(url.port),
  };
}

/** Bytes: base64, or the absolute path of a file with them. */
export function bytesOrFile(): Reader<Buffer> {
  const wants = 'base64, or the absolute path of a file with the bytes';
  const inner = text(wants);
  return {
    wants,
    fromText: inner.fromText,
    read: (value) => {
      const given = inner.read(value);
      if (isAbsolute(given)) return readBytes(given);
      if (!/^[A-Za-z0-9+/]+={0,2}$/.test(given)) throw new Unwanted();
      return Buffer.from(given, 'base64');
    },
  };
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
  const wants = 'http://169.254.169.254, http://[fd00:ec2::254], or http://127.0.0.1:port';
  const inner = text(wants);
  return {
    wants,
    fromText: inner.fromText,
    read: (value) => {
      const given = inner.read(value);
      if (!URL.canParse(given)) throw new Unwanted();
      const { protocol, hostname, pathname, origin } = new URL(given);
      if (protocol !== 'http:' || pathname !== '/' || !METADATA.includes(hostname)) throw new Unwanted();
      return origin;
    },
  };
}
