// The life of a git token, by Qovery's own TypeScript client, against the server that the environment names.
import assert from 'node:assert/strict'
import qovery from 'qovery-typescript-axios'

const { QOVERY_BASE_URL, QOVERY_API_TOKEN, QOVERY_JWT, QOVERY_ORGANIZATION_ID, QOVERY_FOREIGN_ORGANIZATION_ID } = process.env
// A server that verifies secrets accepts those that begin like this, at their provider's own address.
const verifies = process.argv.includes('--verified')
const refused = (status) => (error) => error.response?.status === status

function client(configuration) {
  return new qovery.OrganizationMainCallsApi(new qovery.Configuration({ basePath: QOVERY_BASE_URL, ...configuration }))
}

const people = client({ accessToken: QOVERY_JWT })
const machines = client({ apiKey: `Token ${QOVERY_API_TOKEN}` })

for (const api of [people, machines]) {
  const request = { name: 'ci', type: qovery.GitProviderEnum.GITLAB, token: 'gitlab-s3cret', git_api_url: verifies ? 'https://gitlab.com' : 'https://gitlab.example.com' }
  const created = await api.createGitToken(QOVERY_ORGANIZATION_ID, request)
  assert.equal(created.status, 201)
  assert.equal(created.data.git_api_url, request.git_api_url)
  assert.equal(created.data.token, undefined)
  const { id } = created.data

  const listed = await api.listOrganizationGitTokens(QOVERY_ORGANIZATION_ID)
  assert.deepEqual(listed.data.results.filter((token) => token.id === id), [created.data])
  assert.deepEqual((await api.getOrganizationGitToken(QOVERY_ORGANIZATION_ID, id)).data, created.data)

  // As the console does: the id and an empty description go along.
  const edit = { id, name: 'bb', description: '', type: qovery.GitProviderEnum.BITBUCKET, token: 'bitbucket-n3w', workspace: 'team' }
  const edited = await api.editGitToken(QOVERY_ORGANIZATION_ID, id, edit)
  assert.equal(edited.status, 200)
  assert.deepEqual([edited.data.id, edited.data.workspace, edited.data.description], [id, 'team', ''])
  assert.equal(edited.data.created_at, created.data.created_at)
  assert.deepEqual((await api.getGitTokenAssociatedServices(QOVERY_ORGANIZATION_ID, id)).data.results, [])

  await assert.rejects(api.editGitToken(QOVERY_ORGANIZATION_ID, id, { ...edit, workspace: undefined }), refused(400))
  if (verifies) await assert.rejects(api.editGitToken(QOVERY_ORGANIZATION_ID, id, { ...edit, token: 'made-up' }), refused(400))
  await assert.rejects(api.listOrganizationGitTokens(QOVERY_FOREIGN_ORGANIZATION_ID), refused(403))
  await assert.rejects(client({ accessToken: 'wrong' }).getOrganizationGitToken(QOVERY_ORGANIZATION_ID, id), refused(401))

  assert.equal((await api.deleteGitToken(QOVERY_ORGANIZATION_ID, id)).status, 204)
  await assert.rejects(api.getOrganizationGitToken(QOVERY_ORGANIZATION_ID, id), refused(404))
}
console.log('done')
