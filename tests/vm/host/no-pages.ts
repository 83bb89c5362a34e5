// SPDX-License-Identifier: Apache-2.0
/** In place of @fastify/swagger-ui, whose pages are files beside it: nobody looks at them in the machine. */
export default async function noPages(): Promise<void> {}
