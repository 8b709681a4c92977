// google-auth-library: acting as an account without its key.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';

import { iam } from '@googleapis/iam';
import { Impersonated, OAuth2Client } from 'google-auth-library';

import { accessToken, claim, cloudPlatform, email, endpoint, found, key, ownerKey, project, signer } from './given.mjs';

const { serviceAccounts } = iam({ version: 'v1', auth: signer(ownerKey, cloudPlatform), rootUrl: endpoint }).projects;
const sourceClient = new OAuth2Client();
sourceClient.setCredentials({ access_token: await accessToken(key('nobody')) });

/** `puller`, reached by `nobody`. */
function acting() {
  return new Impersonated({
    sourceClient,
    targetPrincipal: email('puller'),
    targetScopes: [cloudPlatform],
    lifetime: 600,
    endpoint,
  });
}

await claim('nobody acts as an account without the right to', async () => {
  await assert.rejects(acting().getAccessToken(), /iam.serviceAccounts.getAccessToken/);
});

await claim('whoever may acts as it, signs as it and says that it is it', async () => {
  const resource = `projects/${project}/serviceAccounts/${email('puller')}`;
  const { data: policy } = await serviceAccounts.getIamPolicy({ resource });
  policy.bindings = [{ role: 'roles/iam.serviceAccountTokenCreator', members: [`serviceAccount:${email('nobody')}`] }];
  await serviceAccounts.setIamPolicy({ resource, requestBody: { policy } });

  const url = `${endpoint}/v1/projects/${project}:testIamPermissions`;
  const { data } = await acting().request({ url, method: 'POST', data: { permissions: ['storage.objects.get'] } });
  assert.deepEqual(data.permissions, ['storage.objects.get']);

  const idToken = await acting().fetchIdToken('https://service.example', { includeEmail: true });
  const certificates = await (await fetch(`${endpoint}/oauth2/v1/certs`)).json();
  const verifier = new OAuth2Client();
  const ticket = await verifier.verifySignedJwtWithCertsAsync(idToken, certificates, 'https://service.example', [endpoint]);
  assert.equal(ticket.getPayload().email, email('puller'));

  const { keyId, signedBlob } = await acting().sign('a text of ours');
  const published = await (await fetch(`${endpoint}/robot/v1/metadata/x509/${encodeURIComponent(email('puller'))}`)).json();
  const isTrue = crypto.verify('RSA-SHA256', Buffer.from('a text of ours'), published[keyId], Buffer.from(signedBlob, 'base64'));
  assert.ok(isTrue);
  found(`signed by the key ${keyId}`);
});
