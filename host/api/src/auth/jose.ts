// SPDX-License-Identifier: Apache-2.0

/** What is used of the library: loaded when the first token comes, and the rest of it never. */
export {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
