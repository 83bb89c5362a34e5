// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance } from 'fastify';
import { ApiError, memberError, VaultError } from '../errors.ts';
import { contextOf } from '../http/call.ts';
import type { RouteDependencies } from './dependencies.ts';
import { problems } from './schemas.ts';

/** 16 to 64 bytes in base64 or base64url, with or without padding. */
const NONCE = '^[A-Za-z0-9+/_-]{22,86}={0,2}$';

/** The enclave's attestation document. */
export function attestationRoutes(app: FastifyInstance, { vault, attestations }: RouteDependencies): void {
  app.get<{ Querystring: { nonce: string } }>('/v1/attestation', {
    schema: {
      tags: ['attestation'],
      operationId: 'getAttestation',
      summary: 'An attestation document of the enclave, with its public key',
      description:
        'Any valid key. Verify it against the root of trust and the expected measurements, and that `nonce` is yours. Rate-limited.',
      querystring: {
        type: 'object',
        required: ['nonce'],
        additionalProperties: false,
        properties: {
          nonce: {
            type: 'string',
            pattern: NONCE,
            description: '16 to 64 random bytes, base64 or base64url.',
            examples: ['AAECAwQFBgcICQoLDA0ODw'],
          },
        },
      },
      response: {
        200: {
          description: 'The document',
          type: 'object',
          required: ['document'],
          additionalProperties: false,
          properties: { document: { type: 'string', contentEncoding: 'base64', description: 'COSE_Sign1.' } },
        },
        ...problems(422),
      },
    },
    handler: async (request) => {
      const context = contextOf(request);
      const nonce = Buffer.from(request.query.nonce, 'base64');
      if (nonce.length < 16 || nonce.length > 64) {
        throw new VaultError('invalid', { members: [memberError('nonce', 'format')] });
      }
      const retryAfter = attestations.take(context.principal.actor);
      if (retryAfter > 0) throw new ApiError('rate_limited', { retryAfter });
      const document = await vault().attestation(context, nonce);
      return { document: Buffer.from(document).toString('base64') };
    },
  });
}
