// attio-ts-sdk, which checks every answer with Zod, against the Attio dialect.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  AttioApiError, createAttioClient, createAttioSdk, getV2Self, isAttioAuthError, isAttioNotFound, isAttioPermissionError, isRetryableAttioError,
} from "attio-ts-sdk";
import { seed } from "./seed.mjs";

export async function attio(url, root) {
  const { ask, owner, workspace, members, token, add } = await seed(url, root);
  const as = (apiKey) => createAttioSdk({ client: createAttioClient({ apiKey, baseUrl: url, responseStyle: "data", throwOnError: true }) });

  // refused demands an error of the API as the SDK throws it.
  async function refused(promise, status, type, code) {
    const error = await promise.then((data) => assert.fail(`answered ${JSON.stringify(data)}`), (e) => e);
    assert(error instanceof AttioApiError, String(error?.stack ?? error));
    assert.deepEqual([error.status, error.type, error.code], [status, type, code], error.message);
    assert.equal(error.data.status_code, status);
    assert.equal(error.message, error.data.message);
    assert(error.requestId, "the error has no request id");
    assert.equal(isRetryableAttioError(error), false);
    return error;
  }

  // Members of every kind: all of them have to pass the SDK's schema.
  const picture = "https://acme.example/a%20picture.png?size=96";
  const people = {
    admin: { user_id: randomUUID(), role: "admin", email: "ada@acme.example", name: { first: "Ada", last: "Lovelace" } },
    unknown: { user_id: randomUUID() },
    nameless: { user_id: randomUUID(), email: "o'neil+x@mail.acme.example" },
    foreign: { user_id: randomUUID(), email: "grace@bücher.example", name: { first: "李" } },
    strange: { user_id: randomUUID(), email: "josé@acme.example" },
    suspended: { user_id: randomUUID() },
    removed: { user_id: randomUUID() },
  };
  const id = {};
  for (const [name, fields] of Object.entries(people)) id[name] = (await add(fields)).id;
  await ask("PUT", `/v1/organizations/${workspace.organization_id}/users/${people.admin.user_id}`, {
    email: people.admin.email, name: people.admin.name, avatar_url: picture,
  });
  await add({ email: "invited@acme.example" });
  await ask("POST", `${members}/${people.suspended.user_id}/suspend`);
  const gone = await fetch(`${url}${members}/${people.removed.user_id}`, { method: "DELETE", headers: { Authorization: `Bearer ${root}` } });
  assert.equal(gone.status, 204);
  id.owner = (await ask("GET", `${members}/${owner}`)).id;

  // List and get.
  const sdk = as(await token("user_management:read"));
  const listed = await sdk.workspaceMembers.list();
  const byId = new Map(listed.map((m) => [m.id.workspace_member_id, m]));
  assert.deepEqual([...byId.keys()].sort(), Object.values(id).sort());
  const level = (name) => byId.get(id[name]).access_level;
  assert.deepEqual(
    ["owner", "admin", "unknown", "suspended", "removed"].map(level), ["admin", "admin", "member", "suspended", "suspended"],
  );
  assert.equal(byId.get(id.admin).email_address, people.admin.email);
  assert.equal(byId.get(id.admin).first_name, "Ada");
  assert.equal(byId.get(id.foreign).email_address, "grace@xn--bcher-kva.example");
  for (const m of listed) {
    assert.equal(m.id.workspace_id, workspace.id);
    assert.deepEqual(await sdk.workspaceMembers.get({ workspaceMemberId: m.id.workspace_member_id }), m);
  }

  // Who a token is, and who authorized it.
  const self = (key) => getV2Self({ client: as(key).client });
  const mine = await self(await token("user_management:read"));
  assert.equal(mine.active, true);
  assert.equal(mine.workspace_id, workspace.id);
  assert.equal(mine.authorized_by_workspace_member_id, id.owner);
  const admins = await token("all:all", { user_id: people.admin.user_id });
  const both = { user_id: people.admin.user_id, workspace_id: workspace.id };
  for (const key of [await token("user_management:read", both, admins), await token("events:read", both)]) {
    const { authorized_by_workspace_member_id: by } = await self(key);
    assert.equal(by, id.admin);
    assert.equal((await sdk.workspaceMembers.get({ workspaceMemberId: by })).email_address, people.admin.email);
  }

  // Errors.
  for (const key of ["", "nonsense"]) {
    const none = await refused(as(key).workspaceMembers.list(), 401, "auth_error", key ? "invalid_token" : "missing_token");
    assert(isAttioAuthError(none));
    await refused(self(key), 401, "auth_error", key ? "invalid_token" : "missing_token");
  }
  for (const key of [await token("workspace_members:update"), await token("all:all", {})]) {
    assert(isAttioPermissionError(await refused(as(key).workspaceMembers.list(), 403, "auth_error", "insufficient_scope")));
  }
  const nobody = randomUUID();
  const missing = await refused(sdk.workspaceMembers.get({ workspaceMemberId: nobody }), 404, "invalid_request_error", "not_found");
  assert(isAttioNotFound(missing));
  assert.equal(missing.message, `Workspace member with ID "${nobody}" not found.`);
  // The SDK would not send what is wrong by its own rules, so these go past them.
  const get = (request) => sdk.client.get({ security: [{ scheme: "bearer", type: "http" }], ...request });
  await refused(get({ url: "/v2/workspace_members", query: { limit: 10 } }), 400, "invalid_request_error", "unknown_parameter");
  await refused(get({ url: "/v2/workspace_members/not-an-id" }), 400, "invalid_request_error", "invalid_id");
}
