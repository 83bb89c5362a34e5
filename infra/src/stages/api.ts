// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';

/** The API: function, gateway, who may call it and from where. */
export const API = defineStage({
  id: 'api',
  title: 'API',
  outputs: {
    RestApiId: { matching: /[a-z0-9]{10}/, example: 'abcdefghij' },
    Url: {
      matching: /https:\/\/[a-z0-9.-]+\/[a-z0-9-]+/,
      example: ({ region }) => `https://abcdefghij.execute-api.${region}.amazonaws.com/v`,
    },
    FunctionName: { matching: /[A-Za-z0-9_-]{1,64}/, example: ({ name }) => `${name}-api` },
    SmokeFunctionName: { matching: /[A-Za-z0-9_-]{1,64}/, example: ({ name }) => `${name}-smoke` },
  },
  build() {
    return { RestApiId: '', Url: '', FunctionName: '', SmokeFunctionName: '' };
  },
});
