"""Mistakes that type checkers must find: each line that ends in `# wrong`, and no other."""

from __future__ import annotations

from uuid import UUID

from qovery_git_token import Client, GitProvider, GitTokenRequest, delete_git_token, edit_git_token

client = Client(token="x")  # wrong
client = Client.from_env()
body = GitTokenRequest(name="ci", type_="GITEA", token="x")  # wrong
body = GitTokenRequest(name="ci", type_=GitProvider.GITHUB)  # wrong
body = GitTokenRequest(name="ci", type_=GitProvider.GITHUB, token="x")
answer = edit_git_token.sync(1, UUID(int=1), client=client, body=body)  # wrong
answer = edit_git_token.sync(UUID(int=1), UUID(int=1), client=client)  # wrong
answer = edit_git_token.sync(UUID(int=1), UUID(int=1), client=client, body=body)
print(answer.token)  # wrong
print(answer.type_.value)  # wrong
print(answer.updated_at.year)  # wrong
print(delete_git_token.sync(UUID(int=1), UUID(int=1), client=client).id)  # wrong
client.git_tokens.edit("1", name="ci", type="GITEA", token="x")  # wrong
client.git_tokens.edit("1", name="ci", type="GITHUB")  # wrong
client.git_tokens.edit("1", body, name="ci")  # wrong
client.git_tokens.edit("1", name="ci", type="GITHUB", token=None)  # wrong
client.git_tokens.edit("1", body, organisation="1")  # wrong
print(client.git_tokens.edit("1", body).token)  # wrong
client.git_tokens.rotate("1")  # wrong
client.timeout = 5  # wrong
