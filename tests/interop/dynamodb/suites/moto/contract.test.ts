// SPDX-License-Identifier: Apache-2.0
import { storeContract } from '../../../../../host/stores/test/contract.ts';
import { moto, newStore } from '../../peers.ts';

storeContract('moto', () => newStore(moto()));
