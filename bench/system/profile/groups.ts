// SPDX-License-Identifier: Apache-2.0

/** What time in a function is counted as. */
export type Group =
  | 'cryptography'
  | 'TLS'
  | 'HTTP and sockets'
  | 'Fastify and routes'
  | 'JSON and CBOR'
  | 'SQLite'
  | 'files'
  | 'expressions'
  | 'logs and metrics'
  | 'garbage collection'
  | 'the vault’s own code'
  | 'Node and the rest';

export interface Frame {
  readonly functionName: string;
  /** Of the source: bundles are translated. */
  readonly url: string;
}

const BY_URL: readonly (readonly [RegExp, Group])[] = [
  [/node:internal\/crypto|node:crypto|trusted\/hpke|util\/bytes|internal\/buffer.*compare/, 'cryptography'],
  [/node:_tls|node:tls|internal\/tls|node:https/, 'TLS'],
  [
    /node:_http|node:http|node:net|stream_base|internal\/streams|node:stream|http-client|http-server|parent\/src\/(?:connections|server|listener|read-body)|undici/,
    'HTTP and sockets',
  ],
  [
    /fastify|find-my-way|avvio|light-my-request|ajv|fast-|secure-json|host\/api\/src\/(?:app|http|routes|options)/,
    'Fastify and routes',
  ],
  [/trusted\/codec|trusted\/protocol|strict-json|cbor|body\.ts/, 'JSON and CBOR'],
  [/node:sqlite|stores\/src\/sqlite/, 'SQLite'],
  [/node:fs|internal\/fs|stores\/src\/(?:sink|group-writer)/, 'files'],
  [/trusted\/expressions|bufbuild|\bcel\b/, 'expressions'],
  [/observe|parent\/src\/log|metrics|figures|meter/, 'logs and metrics'],
  [/host\/|trusted\/|verifier\//, 'the vault’s own code'],
];

/** Functions of Node's own native code have no address: by their names, for those that take time. */
const NATIVE: readonly (readonly [RegExp, Group])[] = [
  [/^(?:\(garbage collector\))$/, 'garbage collection'],
  [
    /^(?:statelessDH|diffieHellman|ECDH|run\w*Job|publicDecrypt|privateDecrypt|sign|verify|timingSafeEqual|randomFillSync|oneShotDigest|Hmac|Hash|digest|setAAD|setAuthTag|getAuthTag|final|createPrivateKey|createPublicKey|generateKey\w*|KeyObjectHandle|exportJwk|initEDRaw|initECRaw|CipherBase|SecretKeyGenerateJob)$/,
    'cryptography',
  ],
  [
    /^(?:writev|writeBuffer|writeUtf8String|writeLatin1String|readStart|shutdown|connect|execute|consume|HTTPParser|parserOnBody)$/,
    'HTTP and sockets',
  ],
  [/^(?:stringify|parse)$/, 'JSON and CBOR'],
];

export const IDLE = '(idle)';

/** @param callers from the inside out: a native function is what it is called for */
export function groupOf({ functionName, url }: Frame, callers: readonly Frame[]): Group {
  if (url === '') {
    const native = NATIVE.find(([name]) => name.test(functionName));
    if (native !== undefined) return native[1];
    if (functionName.startsWith('(')) return 'Node and the rest';
    const caller = callers.find((frame) => frame.url !== '');
    return caller === undefined ? 'Node and the rest' : byUrl(caller.url);
  }
  return byUrl(url);
}

const byUrl = (url: string): Group =>
  BY_URL.find(([pattern]) => pattern.test(url))?.[1] ?? 'Node and the rest';
