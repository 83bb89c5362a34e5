// SPDX-License-Identifier: Apache-2.0
import { storeContract } from '../../../../../host/stores/test/contract.ts';
import { dynamoDbLocal, newStore } from '../../peers.ts';

storeContract('DynamoDB Local', () => newStore(dynamoDbLocal()));
