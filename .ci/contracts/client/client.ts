// A client as somebody else would write it: with types that openapi-typescript has
// made from the document, against a service that runs. `node built/client.js URL TOKEN`.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./openapi.js";

type Schemas = components["schemas"];
type Membership = Schemas["Membership"];
type Code = Schemas["ProblemCode"];

const [, , baseUrl, root] = process.argv;
assert(baseUrl && root, "the address of the service and the root token are needed");

const as = (token: string) => createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

// What an operation can come to, whichever it is.
type Result<Data> = { data?: Data; error?: { code: Code; detail: string } | undefined; response: Response };

// done demands the status of an answer that is what was asked for.
function done<Data>(result: Result<Data>, status: number): Data {
  assert.equal(result.response.status, status, JSON.stringify(result.error));
  assert.equal(result.error, undefined);
  return result.data as Data;
}

// refused demands a problem with the code.
function refused(result: Result<unknown>, status: number, code: Code) {
  assert.equal(result.error?.code, code, JSON.stringify(result.error ?? result.data));
  assert.equal(result.response.status, status);
  assert.equal(result.response.headers.get("Content-Type"), "application/problem+json");
  return result.error;
}

const operator = as(root);
const ada = randomUUID();
const bob = randomUUID();

// An organization, its token, a workspace.
const organization = done(
  await operator.POST("/v1/organizations", {
    body: { name: "Acme", owner: { user_id: ada, email: "ada@acme.example", name: { first: "Ada" } } },
  }),
  201,
);
assert.equal(organization.name, "Acme");
const inAcme = { organization: organization.id };
const issued = done(
  await operator.POST("/v1/organizations/{organization}/tokens", {
    params: { path: inAcme },
    body: { name: "client", scopes: ["all:all"] },
  }),
  201,
);
assert(issued.secret);
assert.match(issued.secret, /^tot_/);
const acme = as(issued.secret);
assert.equal(done(await acme.GET("/v1/self"), 200).organization_id, organization.id);
const workspace = done(
  await acme.POST("/v1/organizations/{organization}/workspaces", {
    params: { path: inAcme },
    body: { name: "Product", owner_user_id: ada },
  }),
  201,
);
const here = { workspace: workspace.id };

// Adding: once, however often it is sent.
const key = randomUUID();
const add = (role: string) =>
  acme.POST("/v1/workspaces/{workspace}/members", {
    params: { path: here, header: { "Idempotency-Key": key, "Muster-Reason": "Joined the team" } },
    body: { user_id: bob, email: "bob@acme.example", name: { first: "Bob", last: "Stone" }, role },
  });
const added = await add("viewer");
const member: Membership = done(added, 201);
assert.equal(member.role.key, "viewer");
assert.equal(member.state, "active");
assert.equal(member.email, "bob@acme.example");
const again = await add("viewer");
assert.deepEqual(done(again, 201), added.data);
assert.equal(again.response.headers.get("Idempotency-Replayed"), "true");
refused(await add("editor"), 422, "idempotency_mismatch");

// Changing: with the version that was seen, and not with an older one.
const one = { ...here, user: bob };
const change = (etag: string) =>
  acme.PATCH("/v1/workspaces/{workspace}/members/{user}", {
    params: { path: one, header: { "If-Match": etag } },
    body: { role: "editor", permissions: ["workspace.view", "reports.view"] },
  });
const etag = added.response.headers.get("ETag");
assert(etag);
const changed = done(await change(etag), 200);
assert.equal(changed.role.key, "editor");
assert.deepEqual(changed.permissions, ["workspace.view", "reports.view"]);
assert(changed.version > member.version);
refused(await change(etag), 412, "precondition_failed");

// Inviting and accepting; nobody needs a token to accept.
const invited = done(
  await acme.POST("/v1/workspaces/{workspace}/members", {
    params: { path: here },
    body: { email: "grace@acme.example", role: "client" },
  }),
  201,
);
assert.equal(invited.state, "invited");
assert(invited.invitation);
const accept = (token: string) => createClient<paths>({ baseUrl }).POST("/v1/invitations/accept", { body: { token } });
assert.equal(done(await accept(invited.invitation.token), 200).state, "active");
refused(await accept(`inv_${"0".repeat(52)}`), 404, "unknown_invitation");

// Suspending, and what that does to access.
const check = async (permission: string) =>
  done(await acme.POST("/v1/access/check", { body: { user_id: bob, workspace_id: workspace.id, permission } }), 200);
const allowed = await check("reports.view");
assert.equal(allowed.allowed, true);
assert.equal(allowed.grants[0]?.source, "direct");
assert.equal((await check("content.edit")).allowed, false);
const suspended = await acme.POST("/v1/workspaces/{workspace}/members/{user}/suspend", { params: { path: one } });
assert.equal(done(suspended, 200).state, "suspended");
const position = suspended.response.headers.get("Muster-Position");
assert(position);
assert.equal((await check("reports.view")).allowed, false);
const answers = done(
  await acme.POST("/v1/access/batch-check", {
    body: {
      checks: [
        { user_id: bob, workspace_id: workspace.id, permission: "reports.view" },
        { user_id: ada, workspace_id: workspace.id, role: "admin" },
        { user_id: ada, workspace_id: randomUUID(), role: "admin" },
      ],
    },
  }),
  200,
);
assert.deepEqual(answers.results.map((r) => [r.allowed, r.error?.code]), [[false, undefined], [true, undefined], [false, "not_found"]]);

// Listing, page after page.
const seen: Membership[] = [];
let cursor: string | null = null;
do {
  const page: Schemas["ListMembership"] = done(
    await acme.GET("/v1/workspaces/{workspace}/members", {
      params: {
        path: here,
        query: { page_size: 2, ...(cursor === null ? { order_by: "email" } : { cursor }) },
        header: { "Muster-Min-Position": position },
      },
    }),
    200,
  );
  assert(page.items.length <= 2);
  seen.push(...page.items);
  cursor = page.next_cursor;
} while (cursor !== null);
assert.deepEqual(seen.map((m) => m.email), ["ada@acme.example", "bob@acme.example", "grace@acme.example"]);
assert.deepEqual(seen.map((m) => m.state), ["active", "suspended", "active"]);

// Problems, by codes that the compiler knows.
const existing = refused(await acme.POST("/v1/workspaces/{workspace}/members", { params: { path: here }, body: { user_id: bob, role: "viewer" } }), 409, "already_member");
assert.equal((existing as Schemas["Problem"]).membership_id, member.id);
const owner = await acme.DELETE("/v1/workspaces/{workspace}/members/{user}", { params: { path: { ...here, user: ada } } });
refused(owner, 409, "last_owner");
refused(await acme.GET("/v1/workspaces/{workspace}", { params: { path: { workspace: randomUUID() } } }), 404, "not_found");
refused(await as("nonsense").GET("/v1/self"), 401, "invalid_token");
refused(await acme.POST("/v1/organizations", { body: { name: "Another", owner: { email: "a@b.example" } } }), 403, "insufficient_scope");
const nowhere = await acme.PUT("/v1/workspaces/{workspace}/members/{user}", { params: { path: one }, body: { role: "nobody" } });
switch (nowhere.error?.code) {
  case "unknown_role":
    assert.equal(nowhere.error.errors?.[0]?.pointer, "/role");
    break;
  default:
    assert.fail(JSON.stringify(nowhere));
}

// Events: the whole story, in order.
const { items: events } = done(
  await acme.GET("/v1/organizations/{organization}/events", {
    params: { path: inAcme, query: { type: ["muster.member.*"], page_size: 200 } },
  }),
  200,
) as Schemas["EventList"];
assert.deepEqual(
  events.filter((e) => e.userid === bob).map((e) => e.type),
  ["muster.member.added", "muster.member.role_changed", "muster.member.permissions_changed", "muster.member.suspended"],
);
const first = events.find((e) => e.userid === bob);
assert.equal(first?.reason, "Joined the team");
assert.equal(first.authtype, "token");
const rest = done(
  await acme.GET("/v1/organizations/{organization}/events", {
    params: { path: inAcme, query: { after: events.at(-1)?.sequence ?? "" } },
  }),
  200,
) as Schemas["EventList"];
assert.deepEqual(rest.items, []);

// What is not in the document does not compile.
export const mistakes = async () => {
  // @ts-expect-error there is no such path
  await acme.GET("/v1/people");
  // @ts-expect-error a role is a text
  await acme.PUT("/v1/workspaces/{workspace}/members/{user}", { params: { path: one }, body: { role: 30 } });
  // @ts-expect-error the workspace is missing
  await acme.GET("/v1/workspaces/{workspace}/members", { params: { path: {} } });
  // @ts-expect-error there is no such state
  await acme.GET("/v1/workspaces/{workspace}/members", { params: { path: here, query: { state: "gone" } } });
  // @ts-expect-error there is no such code
  refused(nowhere, 422, "no_such_code");
};

console.log("the client has seen all that it expects");
