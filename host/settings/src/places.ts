// SPDX-License-Identifier: Apache-2.0
import { parsed, type Reader, Unwanted } from './readers.ts';

/** An end of a connection on the network. An IPv6 address is without brackets. */
export interface NetworkPlace {
  readonly host: string;
  readonly port: number;
}

/** A socket of this machine, or a place on the network. */
export type Place = { readonly unix: string } | NetworkPlace;

const DEFAULT_PORTS = { 'http:': 80, 'https:': 443 } as const;

/** `https://host:port`, or http, with nothing behind it. @param host what the documentation calls the host */
export function networkPlace(protocol: 'http:' | 'https:', host = 'host'): Reader<NetworkPlace> {
  return parsed(`${protocol}//${host}:port`, (given) => authority(given, protocol));
}

/** `unix:/path`, or `https://host:port`. */
export function socketOrNetworkPlace(host = 'host'): Reader<Place> {
  return parsed(`unix:/path of a socket, or https://${host}:port`, (given) =>
    given.startsWith('unix:/') ? { unix: given.slice('unix:'.length) } : authority(given, 'https:'),
  );
}

function authority(given: string, protocol: 'http:' | 'https:'): NetworkPlace {
  const bare = given.startsWith(`${protocol}//`) && /^[a-z]+:\/\/[^/?#@]+\/?$/.test(given);
  if (!bare || !URL.canParse(given)) throw new Unwanted();
  const { hostname, port } = new URL(given);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? DEFAULT_PORTS[protocol] : Number(port),
  };
}
