// SPDX-License-Identifier: Apache-2.0
import swagger from '@fastify/swagger';
import type { FastifySwaggerUiOptions } from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { SHARED } from './routes/schemas.ts';

const DESCRIPTION = `A vault for personal and health data. Every field of every vault is encrypted to a key pair that
belongs to that vault alone, and is decrypted only inside an attested enclave, for a stated reason that stands in the
vault's audit log.

Bodies are JSON in UTF-8, at most 1 MiB; unknown members are refused, and so is a name that comes twice. Every error is
a problem document (RFC 9457) with a stable \`code\`. Answers with 429 and 503 say in Retry-After when to try again.`;

/** Collects the routes for the OpenAPI document: to be called before the routes are registered. */
export async function registerOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Enclave Vault',
        version: '1',
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This server' }],
      security: [{ bearer: [] }],
      tags: [
        { name: 'vaults', description: 'Records: one vault holds the fields of one person.' },
        { name: 'keys', description: 'API keys.' },
        { name: 'attestation', description: 'What runs in the enclave.' },
        { name: 'system', description: 'For machines.' },
      ],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API key (`evk_<id>_<secret>`), or a JWT of an issuer that this deployment trusts.',
          },
        },
      },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `schema${index}`),
    },
  });
  for (const schema of SHARED) app.addSchema(schema);
}

/** The document, and its pages when asked for. To be called after the routes are registered. */
export async function registerDocumentRoutes(app: FastifyInstance, { ui }: { ui: boolean }): Promise<void> {
  let document: string | undefined;
  app.get(
    '/v1/openapi.json',
    { config: { public: true }, schema: { hide: true } },
    async (_request, reply) => {
      document ??= JSON.stringify(app.swagger());
      return reply.type('application/json; charset=utf-8').send(document);
    },
  );
  if (!ui) return;
  const { default: swaggerUi } = await import('@fastify/swagger-ui');
  await app.register(async (pages) => {
    pages.addHook('onRoute', (route) => {
      route.config = { ...route.config, public: true };
    });
    await pages.register(swaggerUi, UI);
  });
}

const UI: FastifySwaggerUiOptions = {
  routePrefix: '/v1/swagger',
  // Everything is served from here: no page of another host is ever asked, not even to validate the document.
  uiConfig: { validatorUrl: null, persistAuthorization: false },
  staticCSP: {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:'],
    'connect-src': ["'self'"],
    'frame-ancestors': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
  },
};
