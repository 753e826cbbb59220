// Gives the service what the examples of a document name, and makes of them examples
// that Specmatic takes: with ids that there are.
import { randomUUID } from "node:crypto";
import { asker } from "./ask.mjs";

const ada = "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10";
const bob = "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b11";
const grace = "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b12";

export async function seed(doc, url, token) {
  const ask = asker(url, token);
  const organization = await ask("POST", "/v1/organizations", { name: "Acme", owner: { user_id: ada, email: "ada@acme.example" } });
  const of = `/v1/organizations/${organization.id}`;
  const workspace = await ask("POST", `${of}/workspaces`, { name: "Product", owner_user_id: ada });
  const members = `/v1/workspaces/${workspace.id}/members`;
  await ask("PUT", `${of}/members/${bob}`, { role: "admin" });
  const member = await ask("POST", members, { user_id: bob, email: "bob@acme.example", role: "editor" });
  await ask("POST", members, { user_id: grace, email: "hopper@acme.example", role: "owner" });
  const role = await ask("POST", `${of}/roles`, { key: "guest", name: "Guest", level: 5, permissions: ["workspace.view"] });
  const issued = await ask("POST", `${of}/tokens`, { name: "seed", scopes: ["access:read"] });
  const events = await ask("GET", `${of}/events`);

  const workspaceMade = events.items.find((e) => e.type === "muster.workspace.created").sequence;

  // Nobody is there, so nothing arrives.
  const subscribe = async (more) =>
    (await ask("POST", `${of}/subscriptions`, { name: "seed", kind: "webhook", url: "https://hooks.invalid/", types: ["muster.role.archived"], ...more })).id;

  const review = async () => (await ask("POST", `${of}/reviews`, { name: "seed" })).id;

  const ids = { kind: "who-had-access", review: await review(), organization: organization.id, workspace: workspace.id, user: bob, role: role.id, token: issued.id, membership: member.id, event: events.items[0].id, subscription: await subscribe() };
  const examples = {};
  for (const [template, item] of Object.entries(doc.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const id = operation.operationId;
      const own = { ...ids };
      // What ends something ends something of its own.
      if (id === "archive-role") own.role = (await ask("POST", `${of}/roles`, { key: "former", name: "Former", level: 5, permissions: [] })).id;
      if (id === "revoke-token") own.token = (await ask("POST", `${of}/tokens`, { name: "former", scopes: ["access:read"] })).id;
      if (id === "delete-subscription") own.subscription = await subscribe();
      if (id === "skip-event") {
        own.subscription = await subscribe({ types: [], from: "earliest" });
        await ask("POST", `${of}/subscriptions/${own.subscription}/pause`);
      }
      if (id === "revert-event") {
        await ask("PUT", `${members}/${randomUUID()}`, { role: "viewer" });
        const added = await ask("GET", `${of}/events?type=muster.member.added&page_size=200`);
        own.event = added.items.at(-1).id;
      }
      if (id === "close-review") own.review = await review();
      // Who is erased must have left.
      if (id === "erase-user") await ask("PUT", `${of}/users/${(own.user = randomUUID())}`, { email: "former@acme.example" });
      if (id === "remove-organization-member") await ask("PUT", `${of}/members/${(own.user = randomUUID())}`, { role: "member" });
      // A suspended user gets nothing, so the other operations are about another one.
      if (id === "suspend-organization-member") own.user = (await ask("POST", members, { user_id: randomUUID(), role: "viewer" })).user_id;
      if (["remove-member", "resend-invitation", "accept-member-invitation"].includes(id)) {
        own.user = (await ask("POST", members, { email: `${id}@acme.example`, role: "viewer" })).user_id;
      }
      let actor = ada;
      if (["put-user", "get-access"].includes(id)) own.user = ada;
      if (id === "leave-workspace") {
        own.user = actor = (await ask("POST", members, { user_id: randomUUID(), role: "viewer" })).user_id;
      }
      if (id === "archive-workspace") own.workspace = (await ask("POST", `${of}/workspaces`, { name: "Former", owner_user_id: ada })).id;
      const status = Object.keys(operation.responses).find((s) => s.startsWith("2"));
      const request = { method: method.toUpperCase(), path: template.replace(/\{(\w+)\}/g, (_, name) => own[name]), headers: {} };
      // A diff has a beginning that was there.
      if (id === "diff-workspace" || id === "diff-organization") request.query = { from: workspaceMade };
      // Somebody who may: whom Specmatic makes up may nothing.
      if (operation.parameters?.some((p) => p.$ref?.endsWith("/Muster-On-Behalf-Of")) && id !== "create-organization") {
        request.headers["Muster-On-Behalf-Of"] = actor;
      }
      const body = operation.requestBody?.content["application/json"]?.example;
      if (body) {
        request.headers["Content-Type"] = "application/json";
        request.body = JSON.parse(JSON.stringify(body).replaceAll("019cc043-af91-783e-9927-3daab1cd9277", workspace.id));
        if (id === "batch-members") {
          for (const one of request.body.operations) {
            if (one.user_id) one.user_id = (await ask("POST", members, { user_id: randomUUID(), role: "viewer" })).user_id;
          }
        }
        if (id === "accept-invitation") {
          request.body.token = (await ask("POST", members, { email: `${id}@acme.example`, role: "viewer" })).invitation.token;
        }
        if (id === "open-review") {
          delete request.body.position;
          delete request.body.workspace_id;
        }
        if (id === "decide-review") request.body.decisions = [{ workspace_id: workspace.id, user_id: grace, decision: "kept" }];
        if (id === "skip-event") request.body.position = events.items[0].sequence;
        if (id === "create-organization") delete request.body.owner.user_id;
      }
      const response = { status: Number(status) };
      const answer = operation.responses[status].content?.["application/json"]?.example;
      if (answer) Object.assign(response, { headers: { "Content-Type": "application/json" }, body: answer });
      const text = ["text/csv", "text/plain"].find((type) => operation.responses[status].content?.[type]?.example);
      if (!answer && text) Object.assign(response, { headers: { "Content-Type": text }, body: operation.responses[status].content[text].example });
      examples[id] = { "http-request": request, "http-response": response };
    }
  }
  return { examples };
}
