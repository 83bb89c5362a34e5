// SPDX-License-Identifier: Apache-2.0
import { request } from 'node:https';

/** A call of the KMS protocol by somebody without credentials, who trusts whatever answers. */
export function https(
  port: number,
  target: string,
  authorization: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': target,
      ...(authorization !== '' && { authorization, 'x-amz-date': '20260101T000000Z' }),
    };
    request({ host: '127.0.0.1', port, method: 'POST', rejectUnauthorized: false, headers }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end('{}');
  });
}
