// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { RecordSchema, Vault } from '@enclave-vault/vault';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Batches } from '../batch/batches.ts';
import { Intake } from '../batch/intake.ts';
import { askedId, itemKeys, lineValue } from '../batch/items.ts';
import { createJob, decryptJob, type Job } from '../batch/jobs.ts';
import { ApiError } from '../errors.ts';
import type { Arrivals } from '../http/arrivals.ts';
import { checker, NDJSON, registerBodyParser } from '../http/body.ts';
import { contextOf } from '../http/call.ts';
import type { Meter } from '../observe/meter.ts';
import { BATCH_CREATE, batchDecrypt } from './batch-schemas.ts';
import { answerOf, askSchema, type DecryptBody, inputOf } from './decrypt.ts';

/** A line, as the body of a single call. */
const LINE_BYTES = 1024 * 1024;
/** Members and elements of a document: 100 records of 100 fields, and room. Nothing but its outline is validated before its items are. */
const DOCUMENT_ITEMS = 16 * 1024;

export interface BatchRouteParts {
  readonly vault: () => Vault;
  readonly schema: RecordSchema;
  readonly meter: Meter;
  readonly batches: Batches;
  readonly arrivals: Arrivals;
  /** Bytes of a stream's body: behind a gateway it comes in one piece. */
  readonly streamLimit: number;
}

type Document<T> = T | IncomingMessage;

/** Many records in one call, as a document or as a stream. To be registered in a scope of its own: it reads other bodies. */
export function batchRoutes(app: FastifyInstance, parts: BatchRouteParts): void {
  const { vault, schema, meter, batches } = parts;
  registerBodyParser(app, DOCUMENT_ITEMS);
  app.addContentTypeParser(NDJSON, (_request, body: IncomingMessage, done) => done(null, body));
  const checkAsk = checker(askSchema(schema));
  const answer = answerOf(meter);

  app.post<{ Body: Document<{ items: unknown[] }> }>('/v1/vaults::batch', {
    schema: BATCH_CREATE,
    handler: async (request, reply) => {
      const { body } = request;
      const job = createJob(vault, itemKeys(request.headers['idempotency-key']));
      const open = async (): Promise<Job> => {
        await vault().demandScope(contextOf(request), 'vaults:create');
        return job;
      };
      if (isStream(body)) return stream(parts, request, reply, open);
      return send(reply, await batches.document(request, await open(), demanded(body).items));
    },
  });

  app.post<{ Body: Document<DecryptBody & { ids: string[] }> }>('/v1/vaults::decrypt', {
    schema: batchDecrypt(schema),
    handler: async (request, reply) => {
      const { body } = request;
      const prepare = async (ask: DecryptBody, read: (item: unknown) => string): Promise<Job> => {
        const prepared = await vault().prepareDecrypt(contextOf(request), inputOf(ask));
        return decryptJob({ vault, ask: prepared, read, answer: (done) => answer(ask, done) });
      };
      if (isStream(body)) {
        return stream(parts, request, reply, async (intake) => {
          const first = await intake.next();
          if (typeof first === 'string')
            throw new ApiError(first === 'end' ? 'body_required' : 'request_invalid');
          const ask = lineValue(first.line);
          checkAsk(ask);
          return prepare(ask as DecryptBody, askedId);
        });
      }
      const { ids, ...ask } = demanded(body);
      return send(reply, await batches.document(request, await prepare(ask, String), ids));
    },
  });
}

function isStream<T>(body: Document<T>): body is IncomingMessage {
  return typeof body === 'object' && body !== null && 'pause' in body && typeof body.pause === 'function';
}

function demanded<T>(body: T | undefined): T {
  if (body === undefined) throw new ApiError('body_required');
  return body;
}

async function stream(
  { batches, arrivals, streamLimit }: BatchRouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  open: (intake: Intake) => Promise<Job>,
): Promise<FastifyReply> {
  if (Number(request.headers['content-length'] ?? 0) > streamLimit) throw new ApiError('body_too_large');
  // Its lines take as long as the caller likes: streams have places of their own.
  request.call.place?.rest();
  const intake = new Intake(request.raw, LINE_BYTES);
  const outlet = await batches.stream(request, intake, async () => {
    const job = await open(intake);
    // From here on the stream watches itself.
    arrivals.release(request.raw);
    return job;
  });
  // What comes after a body that was not read to its end is no request. (Behind a gateway there is no connection.)
  reply.raw.once('finish', () => {
    const { complete, socket } = request.raw;
    if (!complete && socket instanceof Socket) socket.destroySoon();
  });
  return reply.type(NDJSON).send(outlet);
}

/** Written as it came: parsing it into objects again would change the order of keys that look like numbers. */
function send(reply: FastifyReply, text: string): string {
  reply.type('application/json; charset=utf-8').serializer((body: string) => body);
  return text;
}
