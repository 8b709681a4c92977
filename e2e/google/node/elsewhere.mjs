// What cannot be led to another server: each of these asks Google's own host. The test looks who was asked for.

import assert from 'node:assert/strict';

import { Storage } from '@google-cloud/storage';
import { JWT } from 'google-auth-library';

import { claim, cloudPlatform, endpoint, found, ownerKey, project } from './given.mjs';

await claim('an access token is fetched from Google\'s host, whatever the key file says', async () => {
  const { client_email, private_key } = ownerKey;
  const client = new JWT({ email: client_email, key: private_key, scopes: [cloudPlatform] });
  await assert.rejects(client.getAccessToken());
  found(`${ownerKey.token_uri} was not asked`);
});

await claim('so is an ID token', async () => {
  const { client_email, private_key } = ownerKey;
  const client = new JWT({ email: client_email, key: private_key });
  await assert.rejects(client.fetchIdToken('https://example.com'));
});

await claim('Cloud Storage\'s client with a custom endpoint sends no credential or fetches its token there, too', async () => {
  const options = { apiEndpoint: endpoint, projectId: project, credentials: ownerKey, retryOptions: { autoRetry: false } };
  await assert.rejects(new Storage(options).getBuckets(), { code: 401 });
  await assert.rejects(new Storage({ ...options, useAuthWithCustomEndpoint: true }).getBuckets());
});
