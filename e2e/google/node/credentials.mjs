// google-auth-library: what leads to this registry, and what cannot be led there.

import assert from 'node:assert/strict';

import { GoogleAuth, OAuth2Client } from 'google-auth-library';

import {
  accessToken,
  claim,
  cloudPlatform as scope,
  endpoint,
  found,
  key,
  ownerKey,
  project,
  refused,
  signer,
} from './given.mjs';

const describe = { url: `${endpoint}/v1/projects/${project}` };

await claim('a JWT that the key signs is a bearer by itself', async () => {
  // For the address that is called, as long as no scope is given: request() would send no credential then.
  const headers = await signer(ownerKey).getRequestHeaders(describe.url);
  const answer = await fetch(describe.url, { headers });
  assert.equal(answer.status, 200, await answer.text());
  // For a scope.
  assert.equal((await signer(ownerKey, scope).request(describe)).data.projectId, project);
});

await claim('so are the default credentials, as generated clients use them', async () => {
  const auth = new GoogleAuth();
  auth.useJWTAccessWithScope = true;
  auth.defaultScopes = [scope];
  const client = await auth.getClient();
  assert.equal((await client.request(describe)).data.projectId, project);
  found(`the default credentials of ${client.email}`);
});

await claim('a token that was fetched from the key file\'s address is a bearer', async () => {
  const client = new OAuth2Client();
  client.setCredentials({ access_token: await accessToken(ownerKey) });
  assert.equal((await client.request(describe)).data.projectId, project);
});

await claim('an account without a role is known and refused', async () => {
  const client = signer(key('nobody'), scope);
  await refused(403, 'resourcemanager.projects.get', () => client.request(describe));
});
